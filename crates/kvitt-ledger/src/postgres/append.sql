-- One step of a sale, in one statement and so in one transaction: all of it, or nothing. It
-- answers with a row where it wrote; where something stands against the step, nothing is written
-- and nothing is answered.
--
-- $1 sale, $2 expected version, $3 to $22 the summary, $23 and $24 the claim (work_id, fence; as
-- fence 0: not claimed since it was scheduled),
-- $25 to $29 the idempotency record, $30 to $35 events, $36 to $38 private data, $39 to $41 work,
-- $42 when to look at the sale next, $43 to $46 a message (digest, door, content, time), $47 how
-- many messages a sale keeps, $48 whether a frozen ledger refuses the step.
-- What is left out is null, or an empty list.
WITH touched AS (
    -- All work that the step touches is locked before the sale, in one order, so that no two steps
    -- wait for each other; and nobody claims it until the step is written.
    SELECT work_id, fence, attempts FROM work
    WHERE sale = $1 AND (work_id = $23 OR work_id = ANY ($39))
    ORDER BY work_id
    FOR UPDATE
), written AS (
    INSERT INTO sale (
        sale, version, created_at_us, updated_at_us, account, purchase_country,
        purchase_currency, checkout_status, order_status, fraud_status, klarna_order_id,
        klarna_reference, merchant_reference1, merchant_reference2, order_amount, captured_amount,
        refunded_amount, remaining_authorized_amount, placed_at_us, expires_at_us, attention,
        look_at_us
    )
    SELECT $1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
        $21, $22, $42
    WHERE (
            SELECT count(*) FILTER (
                WHERE work_id = $23 AND CASE WHEN $24 = 0 THEN attempts = 0 ELSE fence = $24 END
            )
            FROM touched
        ) = num_nonnulls($23)
        AND ($2 = 0 OR EXISTS (SELECT FROM sale WHERE sale = $1))
        AND NOT ($48 AND EXISTS (SELECT FROM ledger_state WHERE frozen_since_us IS NOT NULL))
    ON CONFLICT (sale) DO UPDATE SET
        version = excluded.version,
        created_at_us = excluded.created_at_us,
        updated_at_us = excluded.updated_at_us,
        account = excluded.account,
        purchase_country = excluded.purchase_country,
        purchase_currency = excluded.purchase_currency,
        checkout_status = excluded.checkout_status,
        order_status = excluded.order_status,
        fraud_status = excluded.fraud_status,
        klarna_order_id = excluded.klarna_order_id,
        klarna_reference = excluded.klarna_reference,
        merchant_reference1 = excluded.merchant_reference1,
        merchant_reference2 = excluded.merchant_reference2,
        order_amount = excluded.order_amount,
        captured_amount = excluded.captured_amount,
        refunded_amount = excluded.refunded_amount,
        remaining_authorized_amount = excluded.remaining_authorized_amount,
        placed_at_us = excluded.placed_at_us,
        expires_at_us = excluded.expires_at_us,
        attention = excluded.attention,
        look_at_us = excluded.look_at_us
    WHERE sale.version = $2
    RETURNING sale
), taken AS (
    INSERT INTO idempotency (sale, requester, key, request_hash, intent, at_us)
    SELECT sale, $25, $26, $27, $28, $29 FROM written WHERE $26::text IS NOT NULL
), happened AS (
    INSERT INTO event (sale, seq, position, id, at_us, name, cause, event, intent)
    SELECT written.sale, $2 + new.place,
        -- Where the offset is missing this is null, and refused.
        ((pg_current_xact_id()::text::bigint + (SELECT transaction_offset FROM feed)) << 12)
            + new.place - 1,
        new.id, new.at_us, new.name, new.cause::json, new.event::json, new.intent
    FROM written, unnest(
            $30::uuid[], $31::bigint[], $32::text[], $33::text[], $34::text[], $35::uuid[]
        ) WITH ORDINALITY AS new (id, at_us, name, cause, event, intent, place)
), kept AS (
    INSERT INTO private (sale, personal, name, value)
    SELECT written.sale, new.personal, new.name, new.value
    FROM written, unnest($36::boolean[], $37::text[], $38::bytea[]) AS new (personal, name, value)
    WHERE new.value IS NOT NULL
    ON CONFLICT (sale, personal, name) DO UPDATE SET value = excluded.value
), dropped AS (
    DELETE FROM private
    USING written, unnest($36::boolean[], $37::text[], $38::bytea[]) AS old (personal, name, value)
    WHERE private.sale = written.sale AND private.personal = old.personal
        AND private.name = old.name AND old.value IS NULL
), received AS (
    INSERT INTO inbox (sale, digest, door, content, times, first_at_us, last_at_us)
    SELECT sale, $43, $44, $45, 1, $46, $46 FROM written
    WHERE $43::bytea IS NOT NULL AND (
        EXISTS (SELECT FROM inbox WHERE sale = $1 AND digest = $43)
        OR (SELECT count(*) FROM inbox WHERE sale = $1) < $47
    )
    ON CONFLICT (sale, digest) DO UPDATE SET
        times = inbox.times + 1, last_at_us = greatest(inbox.last_at_us, excluded.last_at_us)
), scheduled AS (
    INSERT INTO work (sale, work_id, kind, attempts, fence, due_at_us)
    SELECT written.sale, new.work_id, new.kind, 0, nextval('work_fence'),
        (extract(epoch FROM clock_timestamp()) * 1000000)::bigint + new.due_in_us
    FROM written, unnest($39::uuid[], $40::text[], $41::bigint[]) AS new (work_id, kind, due_in_us)
    WHERE new.kind IS NOT NULL
    ON CONFLICT (sale, work_id) DO UPDATE SET
        kind = excluded.kind, attempts = 0, fence = excluded.fence, due_at_us = excluded.due_at_us
), finished AS (
    DELETE FROM work
    USING written, unnest($39::uuid[], $40::text[], $41::bigint[]) AS old (work_id, kind, due_in_us)
    WHERE work.sale = written.sale AND work.work_id = old.work_id AND old.kind IS NULL
)
SELECT sale FROM written
