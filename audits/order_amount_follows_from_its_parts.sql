AUDIT (
  name order_amount_follows_from_its_parts
);

/* Orders whose total is not the sum of its parts. */
SELECT
  *
FROM @this_model
WHERE
  order_amount <> product_amount + freight_amount + other_amount
