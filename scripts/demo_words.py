"""The words that a made-up history is written with: names, causes of failures, reasons of skips."""

from scripts.demo_history import Cause

ODD_NAMES = (
    "roundsPrice[a-1]",
    "roundsPrice[a-2]",
    "grüßt den Käufer ☃ 東京",
    'escapes <b>&amp; "quotes" & more',
    "rate 1/2 #3 [50%]",
)
AREAS = ("basket", "billing", "catalog", "checkout", "login", "search", "shipping", "stock")
THINGS = ("Address", "Coupon", "Invoice", "Item", "Ledger", "Order", "Parcel", "Payment", "Quote")
VERBS = ("accepts", "cancels", "finds", "keeps", "refuses", "reports", "sends", "stores", "updates")
OBJECTS = (
    "AnEmptyList",
    "TheWholeOrder",
    "ASecondRequest",
    "ForeignCurrency",
    "ExpiredTokens",
    "TheLastItem",
    "LongNames",
    "ZeroAmounts",
    "ParallelEdits",
    "ALeapDay",
)
EDITS = ("Simplify", "Fix", "Rename", "Speed up", "Cache", "Log", "Revert")
AUTHORS = ("Ada Okafor", "Bruno Díaz", "Chen Wei", "Dana Novák")
SKIP_REASONS = ("JIRA-1184: waits for the new gateway", "needs a licence server", "not on CI")
CAUSES = (
    Cause(
        "discount",
        "java.lang.NullPointerException",
        'Cannot invoke "Discount.percent()" because "discount" is null (order {n})',
        (
            "com.acme.shop.basket.Basket.total(Basket.java:118)",
            "com.acme.shop.basket.Price.of(Price.java:41)",
        ),
    ),
    Cause(
        "pool",
        "java.sql.SQLTransientConnectionException",
        "shop-pool - Connection is not available, request timed out after {n}ms.",
        (
            "com.zaxxer.hikari.pool.HikariPool.createTimeoutException(HikariPool.java:696)",
            "com.acme.shop.billing.LedgerStore.open(LedgerStore.java:57)",
        ),
    ),
    Cause(
        "gateway",
        "java.net.SocketTimeoutException",
        "Read timed out after {n} ms: https://pay.example/v2/charge",
        ("com.acme.shop.billing.Gateway.charge(Gateway.java:203)",),
    ),
    Cause(
        "encoding",
        "java.nio.charset.MalformedInputException",
        "Input length = 1 in 'Größe & <b>Maß</b>' at byte {n}",
        ("com.acme.shop.catalog.Importer.readLine(Importer.java:88)",),
    ),
    Cause(
        "separator",
        "org.opentest4j.AssertionFailedError",
        "expected: <export/{n}.csv> but was: <export\\{n}.csv>",
        ("com.acme.shop.shipping.Export.pathOf(Export.java:29)",),
    ),
    Cause(
        "status",
        "org.opentest4j.AssertionFailedError",
        "expected: <200> but was: <500> for order {n}",
        ("com.acme.shop.checkout.Client.send(Client.java:64)",),
    ),
    Cause(
        "lines",
        "java.lang.AssertionError",
        "\nExpecting actual:\n  [{n}, 2]\nto contain exactly:\n  [{n}, 2, 3]",
        (
            "com.acme.shop.search.Index.query(Index.java:311)",
            "com.acme.shop.search.Pager.next(Pager.java:77)",
        ),
    ),
)
