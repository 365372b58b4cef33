"""What tests of several rooms use: deployments, services on loopback, chat clients, stores."""
