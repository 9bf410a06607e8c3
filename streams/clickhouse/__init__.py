"""ClickHouse: client, blocks, migrations, the embedded server."""
