-- Keyed hashes: HMAC-SHA256 inside the server. The keys lie in a table that only its keeper reads; others may call the
-- functions. One for pseudonyms of personal values, whose key comes from RETAIL_HASH_KEY; one that marks who was erased,
-- whose key is made here, never leaves the server and never changes. Running this with another RETAIL_HASH_KEY rotates it.
\set ON_ERROR_STOP on
\getenv transformer RETAIL_TRANSFORMER_USER
\getenv loader RETAIL_LOADER_USER
\getenv database RETAIL_DATABASE
\set keeper retail_keeper
\getenv keeper RETAIL_KEEPER_USER
\connect :"database"

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE SCHEMA IF NOT EXISTS privacy AUTHORIZATION :"keeper";
SET LOCAL ROLE :"keeper";
CREATE TABLE IF NOT EXISTS privacy.hash_key (
    purpose text PRIMARY KEY CHECK (purpose IN ('pseudonym', 'erasure')),
    inner_pad bytea NOT NULL CHECK (length(inner_pad) = 64),
    outer_pad bytea NOT NULL CHECK (length(outer_pad) = 64),
    since timestamptz NOT NULL DEFAULT clock_timestamp()
);
REVOKE ALL ON privacy.hash_key FROM PUBLIC;

-- RFC 2104: the key as one block of 64 bytes, each combined with a constant.
CREATE OR REPLACE FUNCTION privacy.pad(key bytea, mask integer) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp
AS $$
    SELECT string_agg(set_byte('\x00', 0, get_byte(block, place) # mask), '' ORDER BY place)
    FROM (SELECT CASE WHEN length(key) > 64 THEN sha256(key) ELSE key END AS short) AS hashed
    CROSS JOIN LATERAL (SELECT short || decode(repeat('00', 64 - length(short)), 'hex') AS block) AS filled
    CROSS JOIN generate_series(0, 63) AS place
$$;

CREATE OR REPLACE FUNCTION privacy.pseudonym(value text) RETURNS text
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    key privacy.hash_key;
BEGIN
    SELECT * INTO STRICT key FROM privacy.hash_key WHERE purpose = 'pseudonym';
    RETURN encode(sha256(key.outer_pad || sha256(key.inner_pad || convert_to(value, 'UTF8'))), 'hex');
END
$$;

CREATE OR REPLACE FUNCTION privacy.erasure_mark(value text) RETURNS text
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    key privacy.hash_key;
BEGIN
    SELECT * INTO STRICT key FROM privacy.hash_key WHERE purpose = 'erasure';
    RETURN encode(sha256(key.outer_pad || sha256(key.inner_pad || convert_to(value, 'UTF8'))), 'hex');
END
$$;
COMMENT ON FUNCTION privacy.pseudonym IS 'HMAC-SHA256 of a personal value, in hexadecimal.';
COMMENT ON FUNCTION privacy.erasure_mark IS 'HMAC-SHA256 by which an erased person is known when a file brings them again.';

REVOKE ALL ON FUNCTION privacy.pad, privacy.pseudonym, privacy.erasure_mark FROM PUBLIC;
GRANT USAGE ON SCHEMA privacy TO :"transformer", :"loader";
GRANT EXECUTE ON FUNCTION privacy.pseudonym TO :"transformer";
GRANT EXECUTE ON FUNCTION privacy.erasure_mark TO :"loader";

-- The key comes by COPY: so it stands in no statement, whatever the server logs or keeps statistics of.
CREATE UNLOGGED TABLE privacy.incoming_key (key text);
\copy privacy.incoming_key FROM PROGRAM 'printenv RETAIL_HASH_KEY' WITH (FORMAT csv, DELIMITER E'\001', QUOTE E'\002')
DO $$
BEGIN
    IF (SELECT length(key) FROM privacy.incoming_key) < 32 THEN
        RAISE 'RETAIL_HASH_KEY is too short: take 32 characters or more, such as those of openssl rand -hex 32';
    END IF;
END
$$;
INSERT INTO privacy.hash_key (purpose, inner_pad, outer_pad)
SELECT 'pseudonym', privacy.pad(convert_to(key, 'UTF8'), x'36'::integer), privacy.pad(convert_to(key, 'UTF8'), x'5c'::integer)
FROM privacy.incoming_key
ON CONFLICT (purpose) DO UPDATE
    SET inner_pad = EXCLUDED.inner_pad, outer_pad = EXCLUDED.outer_pad, since = EXCLUDED.since
    WHERE hash_key.inner_pad <> EXCLUDED.inner_pad;
DROP TABLE privacy.incoming_key;

INSERT INTO privacy.hash_key (purpose, inner_pad, outer_pad)
SELECT 'erasure', privacy.pad(key, x'36'::integer), privacy.pad(key, x'5c'::integer)
FROM (SELECT sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) AS key) AS made
ON CONFLICT (purpose) DO NOTHING;
COMMIT;
