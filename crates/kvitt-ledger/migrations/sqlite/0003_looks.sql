-- When the sale must be looked at next, by business time. What is there already is looked at at once.
ALTER TABLE sale ADD COLUMN look_at_us INTEGER;
UPDATE sale SET look_at_us = 0;
CREATE INDEX sale_look ON sale (look_at_us) WHERE look_at_us IS NOT NULL;
