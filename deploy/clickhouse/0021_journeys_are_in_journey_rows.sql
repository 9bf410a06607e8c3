-- What the migration before this one has copied.
DROP TABLE IF EXISTS {store}.journeys;
