-- Loading the dictionary again takes time by the number of identifiers, whatever has changed. Workers ask for it, for a fifth of the time
-- at most; by itself a server does it now and then, for replicas that no worker writes to. Merges of rows are no change.
CREATE OR REPLACE DICTIONARY {store}.customer_of
(
    identifier String,
    customer   String
)
PRIMARY KEY identifier
SOURCE(CLICKHOUSE(
    {credentials}
    QUERY 'SELECT concat(type, \':\', pseudonym) AS identifier, customer FROM {store}.identities FINAL'
    INVALIDATE_QUERY 'SELECT max(version), max(ingested_at) FROM {store}.identities'))
LAYOUT(COMPLEX_KEY_HASHED())
LIFETIME(MIN 20 MAX 40);
