"""The local Azure as tests and the demo use it: its process, its admin interface, and clients that an application might have.

    emulator   starts kssedr-emulator, and steers it
    wire       HTTPS to its services
    clients    Entra, Key Vault and Resource Manager, as thin as can be
    shared_key signs a blob request with an account key
    consumer   an application that uses a secret all the time, and counts what fails
"""

from .clients import Arm, Vault
from .consumer import Consumer
from .emulator import Emulator

__all__ = ["Arm", "Consumer", "Emulator", "Vault"]
