CREATE EXTERNAL TABLE IF NOT EXISTS `vpc` (
  `version` int,
  `vpc_id` string,
  `pkt_srcaddr` string,
  `bytes` bigint,
  `start` bigint,
  `end` bigint,
  `tcp_flags` int,
  `some_new_field` string
)
PARTITIONED BY (`year` string, `month` string, `day` string, `hour` string)
ROW FORMAT DELIMITED FIELDS TERMINATED BY ' '
LOCATION 's3://example-logs/AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=eu-central-1/'
TBLPROPERTIES (
  'skip.header.line.count' = '1',
  'projection.enabled' = 'true',
  'projection.year.type' = 'integer',
  'projection.year.range' = '2026,2076',
  'projection.month.type' = 'integer',
  'projection.month.range' = '1,12',
  'projection.month.digits' = '2',
  'projection.day.type' = 'integer',
  'projection.day.range' = '1,31',
  'projection.day.digits' = '2',
  'projection.hour.type' = 'integer',
  'projection.hour.range' = '0,23',
  'projection.hour.digits' = '2',
  'storage.location.template' = 's3://example-logs/AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=eu-central-1/year=${year}/month=${month}/day=${day}/hour=${hour}/',
  'flows.format' = 'version vpc-id pkt-srcaddr bytes start end tcp-flags some-new-field'
)
