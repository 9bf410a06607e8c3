-- Two customers who refer to one order, case or conversation have a journey each: its first event is in the id. See docs/decisions/0010.
ALTER TABLE {store}.journeys COMMENT COLUMN journey_id 'Hash of process, reference where it has one, and first event';
