"""How each framework makes a step of a network: ``job(net, device, variant)`` in ``<framework>_steps``."""
