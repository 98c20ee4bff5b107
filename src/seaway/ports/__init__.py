"""PORTS: Protocols of 2 to 5 methods, one per kind of foreign system. Adapters satisfy them; the engine calls them."""
