MODEL (
  name bi.calendar,
  kind VIEW,
  owner analytics_engineering,
  grain calendar_date,
  tags (
    bi
  ),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (
    not_null(columns := (
      calendar_date
    )),
    unique_values(columns := (
      calendar_date
    ))
  ),
  description 'One row per day, with ISO weeks, fiscal year and public holidays.',
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

SELECT
  calendar_date::DATE AS calendar_date,
  calendar_year::INT AS calendar_year,
  calendar_quarter::INT AS calendar_quarter,
  calendar_month::INT AS calendar_month,
  month_name::TEXT AS month_name,
  month_start_date::DATE AS month_start_date,
  day_of_month::INT AS day_of_month,
  day_of_year::INT AS day_of_year,
  day_of_week::INT AS day_of_week,
  day_name::TEXT AS day_name,
  iso_year::INT AS iso_year,
  iso_week::INT AS iso_week,
  week_start_date::DATE AS week_start_date,
  is_weekend::BOOLEAN AS is_weekend,
  fiscal_year::INT AS fiscal_year,
  fiscal_quarter::INT AS fiscal_quarter,
  fiscal_month::INT AS fiscal_month,
  is_holiday_br::BOOLEAN AS is_holiday_br,
  holiday_name_br::TEXT AS holiday_name_br,
  is_holiday_gb::BOOLEAN AS is_holiday_gb,
  holiday_name_gb::TEXT AS holiday_name_gb,
  is_holiday_in::BOOLEAN AS is_holiday_in,
  holiday_name_in::TEXT AS holiday_name_in
FROM core.dim_date
