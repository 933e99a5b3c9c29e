"""Three ends of one ledger 三端 (row 12): what government, customer and business each see of a run.

The source has five layers (infrastructure, data, middle platform, services, applications) and three ends on top of
them: 管理 for the government (G), 存证 for the customer (C), 运营 for the business (B). ``views`` says what each may
see, as data; nothing else gets into a console. ``telling`` writes one down as text or as a page that stands alone.
"""

from scenarios.results.consoles.telling import page, text
from scenarios.results.consoles.trail import trail_of
from scenarios.results.consoles.views import ENDS, Console, ConsoleError, open_console

__all__ = ["ENDS", "Console", "ConsoleError", "open_console", "page", "text", "trail_of"]
