-- When Klarna last sent a message of its own, which the confirmation page, opened by the shopper's
-- browser, is not. Only storing a message writes it. While it is made, a second for a million
-- messages, what Klarna sends waits; Klarna sends again what took too long.
CREATE INDEX inbox_heard ON inbox (last_at_us) WHERE door <> 'confirmation';
