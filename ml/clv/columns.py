"""The columns of the tables of customer lifetime value, and what they say."""

from __future__ import annotations

CLV_COLUMNS = {
    "source": "text",
    "customer_id": "text",
    "currency": "text",
    "as_of_date": "date",
    "repeat_count": "int",
    "active_days": "int",
    "tenure_days": "int",
    "p_alive_rate": "double",
    "expected_purchases_90d": "double",
    "expected_purchases_180d": "double",
    "expected_purchases_365d": "double",
    "value_per_purchase_amount": "decimal(18, 4)",
    "expected_value_90d_amount": "decimal(18, 4)",
    "expected_value_180d_amount": "decimal(18, 4)",
    "expected_value_365d_amount": "decimal(18, 4)",
    "clv_amount": "decimal(18, 4)",
    "clv_low_amount": "decimal(18, 4)",
    "clv_high_amount": "decimal(18, 4)",
    "clv_rank_rate": "double",
    "tier": "text",
    "purchase_method": "text",
    "value_method": "text",
    "note": "text",
}
CLV_DESCRIPTIONS = {
    "source": "The shop.",
    "customer_id": "The customer's natural key in its source.",
    "currency": "Currency of the amounts, ISO 4217.",
    "as_of_date": "The last order_date of the source: everything is expected from this day on.",
    "repeat_count": "Days with a purchase after the first one: several orders of a day are one purchase.",
    "active_days": "Days from the first purchase to the last. Not additive.",
    "tenure_days": "Days from the first purchase to as_of_date. Not additive.",
    "p_alive_rate": "Probability that the customer still buys. BG/NBD says 1 of all who never came back: "
    "customers stop only after a repeat purchase. Empty where the own rate serves. Not additive.",
    "expected_purchases_90d": "Expected days with a purchase in the 90 days after as_of_date. Adds up over customers.",
    "expected_purchases_180d": "The same in 180 days.",
    "expected_purchases_365d": "The same in 365 days.",
    "value_per_purchase_amount": "Expected value of a day with a purchase, net of returns. Not additive.",
    "expected_value_90d_amount": "Expected purchases in 90 days at that value. Adds up over customers of one currency.",
    "expected_value_180d_amount": "The same in 180 days.",
    "expected_value_365d_amount": "The same in 365 days.",
    "clv_amount": "Customer lifetime value: net sales expected within clv_horizon_days, each discounted from its day "
    "by clv_discount_rate a year (config.yaml). Sales, not margin. Adds up over customers of one currency.",
    "clv_low_amount": "Lower end of the 90 % interval of clv_amount. It covers how well the data tells the models' "
    "parameters, not what one customer will by chance do. Empty where the parameters are not told. Not additive.",
    "clv_high_amount": "Upper end of the same interval. Not additive.",
    "clv_rank_rate": "Share of the source's customers whose clv_amount is at least as high: the best has the lowest. "
    "Not additive.",
    "tier": "Diamond, Gold, Silver or Bronze by clv_rank_rate, from seed.clv_tier.",
    "purchase_method": "What expects the purchases: bg_nbd, pareto_nbd, or own_rate, the customer's own past rate.",
    "value_method": "What expects their value: gamma_gamma, or own_mean, the customer's own past mean.",
    "note": "What to keep in mind about the source's models; empty where there is nothing to say.",
}
CLV_PARAMETER_COLUMNS = {
    "source": "text",
    "currency": "text",
    "method": "text",
    "parameter": "text",
    "as_of_date": "date",
    "estimate": "double",
    "standard_error": "double",
    "log_likelihood": "double",
    "customer_count": "int",
    "is_converged": "boolean",
    "note": "text",
}
CLV_PARAMETER_DESCRIPTIONS = {
    "source": "The shop.",
    "currency": "Currency of the purchases, ISO 4217; gamma of gamma_gamma is in it.",
    "method": "bg_nbd, pareto_nbd or gamma_gamma.",
    "parameter": "Its name in the papers. alpha and beta are in days.",
    "as_of_date": "The last order_date of the source: customers are known up to this day.",
    "estimate": "The maximum-likelihood estimate. Empty where too few customers came back.",
    "standard_error": "Its standard error, from the likelihood's curvature by the delta method. Empty where the data "
    "does not tell the parameter: note tells why.",
    "log_likelihood": "Of all the customers at the estimates, times in days. The higher of bg_nbd and pareto_nbd fits "
    "better. Not additive.",
    "customer_count": "Customers who were fitted; gamma_gamma leaves out who has nothing left after returns.",
    "is_converged": "The search ended at a maximum.",
    "note": "Why there is no estimate or standard error; empty where there is nothing to say.",
}
