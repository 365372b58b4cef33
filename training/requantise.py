"""Write the bundled model with 8 bits a weight: the same weights on another back end.

uv run --group training python training/requantise.py FILE
"""

import sys
from pathlib import Path

from gguf import GGMLQuantizationType, GGUFReader, GGUFValueType, GGUFWriter
from gguf.quants import dequantize, quantize
from served import model_path

PLAIN = {GGMLQuantizationType.F32, GGMLQuantizationType.F16}
Q8 = GGMLQuantizationType.Q8_0


def requantise(out: Path) -> None:
    """Write the model's metadata as they are, and its quantised weights with 8 bits each."""
    reader = GGUFReader(model_path())
    writer = GGUFWriter(out, str(reader.fields["general.architecture"].contents()))
    for field in reader.fields.values():
        if field.name == "general.architecture" or field.name.startswith("GGUF."):
            continue
        kind, *inner = field.types
        of = inner[-1] if kind is GGUFValueType.ARRAY else None
        writer.add_key_value(field.name, field.contents(), kind, sub_type=of)
    for tensor in reader.tensors:
        data, kind = tensor.data, tensor.tensor_type
        if kind not in PLAIN:
            data, kind = quantize(dequantize(data, kind), Q8), Q8
        writer.add_tensor(tensor.name, data, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    requantise(Path(sys.argv[1]))
