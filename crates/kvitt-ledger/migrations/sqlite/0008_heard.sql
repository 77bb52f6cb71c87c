-- When Klarna last sent a message of its own, which the confirmation page, opened by the shopper's
-- browser, is not. Only storing a message writes it.
CREATE INDEX inbox_heard ON inbox (last_at_us) WHERE door <> 'confirmation';
