MODEL (
  name core.dim_date,
  kind FULL,
  owner analytics_engineering,
  grain calendar_date,
  tags (core, dimension),
  audits (
    not_null(columns := (calendar_date, iso_year, iso_week, fiscal_year)),
    unique_values(columns := (
      calendar_date
    ))
  ),
  description 'One row per day from calendar_start to calendar_end (config.yaml), with ISO weeks, fiscal year and public holidays of Brazil, England and India. Facts join it on order_date.',
  column_descriptions (
    calendar_date = 'The day.',
    calendar_year = 'Year.',
    calendar_quarter = 'Quarter, 1 to 4.',
    calendar_month = 'Month, 1 to 12.',
    month_name = 'English name of the month.',
    month_start_date = 'First day of the month.',
    day_of_month = 'Day of the month, 1 to 31.',
    day_of_year = 'Day of the year, 1 to 366.',
    day_of_week = 'ISO day of the week, 1 (Monday) to 7 (Sunday).',
    day_name = 'English name of the day.',
    iso_year = 'Year of the ISO week; differs from the year around New Year.',
    iso_week = 'ISO week, 1 to 53.',
    week_start_date = 'Monday of the ISO week.',
    is_weekend = 'Saturday or Sunday.',
    fiscal_year = 'Fiscal year, named after the calendar year in which it ends; begins in fiscal_year_first_month (config.yaml).',
    fiscal_quarter = 'Quarter of the fiscal year, 1 to 4.',
    fiscal_month = 'Month of the fiscal year, 1 to 12.',
    is_holiday_br = 'National holiday in Brazil.',
    holiday_name_br = 'Its name.',
    is_holiday_gb = 'Bank holiday in England.',
    holiday_name_gb = 'Its name.',
    is_holiday_in = 'National holiday in India.',
    holiday_name_in = 'Its name.'
  )
);

WITH day AS (
  SELECT
    series.instant::DATE AS calendar_date
  FROM GENERATE_SERIES(@VAR('calendar_start')::TIMESTAMP, @VAR('calendar_end')::TIMESTAMP, INTERVAL '1 DAY') AS series(instant)
), fiscal AS (
  SELECT
    calendar_date,
    (
      calendar_date - MAKE_INTERVAL(months => @VAR('fiscal_year_first_month') - 1)
    )::DATE AS shifted_date /* its calendar year and month are the fiscal ones */
  FROM day
)
SELECT
  fiscal.calendar_date::DATE AS calendar_date,
  EXTRACT(YEAR FROM fiscal.calendar_date)::INT AS calendar_year,
  EXTRACT(QUARTER FROM fiscal.calendar_date)::INT AS calendar_quarter,
  EXTRACT(MONTH FROM fiscal.calendar_date)::INT AS calendar_month,
  TO_CHAR(fiscal.calendar_date, 'FMMonth')::TEXT AS month_name,
  DATE_TRUNC('MONTH', fiscal.calendar_date)::DATE AS month_start_date,
  EXTRACT(DAY FROM fiscal.calendar_date)::INT AS day_of_month,
  EXTRACT(DOY FROM fiscal.calendar_date)::INT AS day_of_year,
  EXTRACT(ISODOW FROM fiscal.calendar_date)::INT AS day_of_week,
  TO_CHAR(fiscal.calendar_date, 'FMDay')::TEXT AS day_name,
  EXTRACT(ISOYEAR FROM fiscal.calendar_date)::INT AS iso_year,
  EXTRACT(WEEK FROM fiscal.calendar_date)::INT AS iso_week,
  DATE_TRUNC('WEEK', fiscal.calendar_date)::DATE AS week_start_date,
  (
    EXTRACT(ISODOW FROM fiscal.calendar_date) >= 6
  )::BOOLEAN AS is_weekend,
  (
    EXTRACT(YEAR FROM fiscal.shifted_date) + CASE WHEN @VAR('fiscal_year_first_month') = 1 THEN 0 ELSE 1 END
  )::INT AS fiscal_year,
  EXTRACT(QUARTER FROM fiscal.shifted_date)::INT AS fiscal_quarter,
  EXTRACT(MONTH FROM fiscal.shifted_date)::INT AS fiscal_month,
  (
    NOT brazil.holiday_name IS NULL
  )::BOOLEAN AS is_holiday_br,
  brazil.holiday_name::TEXT AS holiday_name_br,
  (
    NOT england.holiday_name IS NULL
  )::BOOLEAN AS is_holiday_gb,
  england.holiday_name::TEXT AS holiday_name_gb,
  (
    NOT india.holiday_name IS NULL
  )::BOOLEAN AS is_holiday_in,
  india.holiday_name::TEXT AS holiday_name_in
FROM fiscal
LEFT JOIN seed.holiday AS brazil
  ON brazil.holiday_date::DATE = fiscal.calendar_date AND brazil.country_code = 'BR'
LEFT JOIN seed.holiday AS england
  ON england.holiday_date::DATE = fiscal.calendar_date AND england.country_code = 'GB'
LEFT JOIN seed.holiday AS india
  ON india.holiday_date::DATE = fiscal.calendar_date AND india.country_code = 'IN'
