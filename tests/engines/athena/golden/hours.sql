CREATE EXTERNAL TABLE IF NOT EXISTS `vpc_flow_logs` (
  `version` int,
  `account_id` string,
  `interface_id` string,
  `srcaddr` string,
  `dstaddr` string,
  `srcport` int,
  `dstport` int,
  `protocol` int,
  `packets` bigint,
  `bytes` bigint,
  `start` bigint,
  `end` bigint,
  `action` string,
  `log_status` string
)
PARTITIONED BY (`hour` string)
ROW FORMAT DELIMITED FIELDS TERMINATED BY ' '
LOCATION 's3://example-logs/AWSLogs/123456789012/vpcflowlogs/eu-central-1/'
TBLPROPERTIES (
  'skip.header.line.count' = '1',
  'projection.enabled' = 'true',
  'projection.hour.type' = 'date',
  'projection.hour.format' = 'yyyy/MM/dd/HH',
  'projection.hour.range' = '2024/01/01/00,NOW',
  'projection.hour.interval' = '1',
  'projection.hour.interval.unit' = 'HOURS',
  'storage.location.template' = 's3://example-logs/AWSLogs/123456789012/vpcflowlogs/eu-central-1/${hour}/',
  'flows.format' = 'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status'
)
