{{if .Token}}-- TOKEN is one that "rollcall token add" makes.
{{end}}-- Events go into a table of their own; one that comes twice is merged away, so use FINAL where it matters.
CREATE TABLE {{.Table}}_queue (event String) ENGINE = NATS SETTINGS
    nats_url = '{{.Host}}', nats_stream = '{{.Stream}}', nats_consumer_name = '{{.Name}}',{{if .Creds}} nats_credential_file = '{{.Creds}}',{{end}}
    nats_subjects = '{{.Subjects}}', nats_format = 'JSONAsString'{{if .Token}},
    nats_token = 'TOKEN'{{end}};
CREATE TABLE {{.Table}} (
    sequence UInt64, source LowCardinality(String), type LowCardinality(String), recordedtime DateTime64(6, 'UTC'),
    session String, who String, data String
) ENGINE = ReplacingMergeTree ORDER BY (source, sequence);
CREATE MATERIALIZED VIEW {{.Table}}_reader TO {{.Table}} AS SELECT
    toUInt64(JSONExtractString(event, 'sequence')) AS sequence, JSONExtractString(event, 'source') AS source,
    JSONExtractString(event, 'type') AS type,
    parseDateTime64BestEffortOrZero(JSONExtractString(event, 'recordedtime'), 6, 'UTC') AS recordedtime,
    JSONExtractString(event, 'correlationid') AS session, JSONExtractString(event, 'data', 'who') AS who,
    JSONExtractRaw(event, 'data') AS data
FROM {{.Table}}_queue;
