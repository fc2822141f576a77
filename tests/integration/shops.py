"""Two small invented shops in the two public formats, with every kind of row that the models treat apart."""

import csv
from collections.abc import Sequence
from pathlib import Path

INVOICE_HEADER = (
    "Invoice",
    "StockCode",
    "Description",
    "Quantity",
    "Price",
    "Customer ID",
    "Country",
    "InvoiceDate",
)
Line = tuple[str, ...]

# Each line as (invoice, code, description, quantity, price, customer, country); the day is the file's.
INVOICES: dict[str, list[Line]] = {
    "2025-07-01": [
        ("700001", "10001A", "blue kettle", "6", "4.25", "501.0", "United Kingdom"),
        ("700001", "10001a", "blue kettle", "2", "4.25", "501.0", "United Kingdom"),
        ("700001", "POST", "POSTAGE", "1", "18.00", "501.0", "United Kingdom"),
        ("700002", "10002", "tin tray", "10", "1.125", "502.0", "EIRE"),
        ("700002", "10002", "tin tray", "10", "1.125", "502.0", "EIRE"),  # again, to the letter
        ("700003", "10003", "red lamp", "1", "30.00", "", "Unspecified"),
    ],
    "2025-07-02": [
        ("C700004", "10001A", "blue kettle", "-2", "4.25", "501.0", "United Kingdom"),
        ("700005", "10003", "damaged", "-4", "0.0", "", "United Kingdom"),
        ("700006", "10003", "red lamp", "x4", "30.00", "503.0", "France"),  # no quantity
        ("700006", "10002", "tin tray", "3", "1.125", "503.0", "France"),
        ("A700007", "B", "bad debt", "1", "-50.00", "", "United Kingdom"),
    ],
    "2025-07-03": [
        ("700008", "GIFT_0001_20", "voucher", "1", "20.00", "502.0", "France"),  # 502 moved
        ("700008", "10001A", "blue kettle", "1", "4.25", "502.0", "France"),
        ("C700009", "D", "Discount", "-1", "2.50", "502.0", "France"),
    ],
}

OLIST: dict[str, list[Line]] = {
    "olist_customers_dataset.csv": [
        (
            "customer_id",
            "customer_unique_id",
            "customer_zip_code_prefix",
            "customer_city",
            "customer_state",
        ),
        ("c1", "ana", "01000", "sao paulo", "SP"),
        ("c2", "ana", "20000", "rio de janeiro", "RJ"),
        ("c3", "bia", "01000", "sao paulo", "SP"),
    ],
    "olist_geolocation_dataset.csv": [
        (
            "geolocation_zip_code_prefix",
            "geolocation_lat",
            "geolocation_lng",
            "geolocation_city",
            "geolocation_state",
        ),
        ("01000", "-23.5", "-46.6", "sao paulo", "SP"),
        ("01000", "-23.7", "-46.8", "sao paulo", "SP"),
        ("01000", "41.6", "-8.4", "braga", "SP"),  # not in Brazil
    ],
    "olist_orders_dataset.csv": [
        (
            "order_id",
            "customer_id",
            "order_status",
            "order_purchase_timestamp",
            "order_approved_at",
            "order_delivered_carrier_date",
            "order_delivered_customer_date",
            "order_estimated_delivery_date",
        ),
        (
            "o1",
            "c1",
            "delivered",
            "2018-03-01 23:30:00",
            "2018-03-01 23:40:00",
            "2018-03-02 10:00:00",
            "2018-03-09 12:00:00",
            "2018-03-08 00:00:00",
        ),
        (
            "o2",
            "c2",
            "delivered",
            "2018-03-05 08:00:00",
            "2018-03-05 08:01:00",
            "2018-03-06 08:00:00",
            "2018-03-07 18:00:00",
            "2018-03-20 00:00:00",
        ),
        ("o3", "c3", "canceled", "2018-03-05 09:00:00", "", "", "", "2018-03-21 00:00:00"),
        ("o4", "c9", "shipped", "2018-03-05 10:00:00", "soon", "", "", "2018-03-21 00:00:00"),  # bad stamp
        ("o5", "c9", "shipped", "2018-03-06 10:00:00", "", "", "", "2018-03-21 00:00:00"),  # unknown customer
    ],
    "olist_order_items_dataset.csv": [
        (
            "order_id",
            "order_item_id",
            "product_id",
            "seller_id",
            "shipping_limit_date",
            "price",
            "freight_value",
        ),
        ("o1", "1", "p1", "s1", "2018-03-04 00:00:00", "100.00", "10.10"),
        ("o1", "2", "p1", "s1", "2018-03-04 00:00:00", "100.00", "10.10"),
        ("o2", "1", "p2", "s1", "2018-03-08 00:00:00", "59.90", "7.00"),
        ("o3", "1", "p2", "s1", "2018-03-08 00:00:00", "59.90", "7.00"),
        ("o5", "1", "p3", "s9", "2018-03-08 00:00:00", "5.00", "1.00"),  # unknown product and seller
        ("o4", "1", "p1", "s1", "2018-03-08 00:00:00", "100.00", "10.10"),  # its order is quarantined
        ("o8", "1", "p1", "s1", "2018-03-08 00:00:00", "100.00", "10.10"),  # its order is missing
    ],
    "olist_order_payments_dataset.csv": [
        ("order_id", "payment_sequential", "payment_type", "payment_installments", "payment_value"),
        ("o1", "1", "credit_card", "3", "200.20"),
        ("o1", "2", "voucher", "1", "20.00"),
        ("o2", "1", "boleto", "1", "66.90"),
        ("o5", "1", "boleto", "1", "6.00"),
    ],
    "olist_order_reviews_dataset.csv": [
        (
            "review_id",
            "order_id",
            "review_score",
            "review_comment_title",
            "review_comment_message",
            "review_creation_date",
            "review_answer_timestamp",
        ),
        (
            "r1",
            "o1",
            "2",
            "",
            "chegou tarde,\ne uma peça quebrada",
            "2018-03-10 00:00:00",
            "2018-03-12 09:00:00",
        ),
        ("", "o1", "5", "", "", "2018-03-10 00:00:00", "2018-03-14 09:00:00"),
        ("r2", "o2", "5", "ótimo", "", "2018-03-08 00:00:00", "2018-03-08 20:00:00"),
    ],
    "olist_products_dataset.csv": [
        (
            "product_id",
            "product_category_name",
            "product_name_lenght",
            "product_description_lenght",
            "product_photos_qty",
            "product_weight_g",
            "product_length_cm",
            "product_height_cm",
            "product_width_cm",
        ),
        ("p1", "perfumaria", "40", "287", "1", "225", "16", "10", "14"),
        ("p2", "pc_gamer", "44", "276", "1", "1000", "30", "18", "20"),
    ],
    "olist_sellers_dataset.csv": [
        ("seller_id", "seller_zip_code_prefix", "seller_city", "seller_state"),
        ("s1", "01000", "sao paulo", "SP"),
    ],
    "product_category_name_translation.csv": [
        ("product_category_name", "product_category_name_english"),
        ("perfumaria", "perfumery"),
    ],
}


def write_shops(data_dir: Path) -> None:
    """Write the files of both shops below `data_dir`, as `retail load` expects them."""
    for day, lines in INVOICES.items():
        write_invoices(data_dir, day, lines)
    for name, rows in OLIST.items():
        write_csv(data_dir / "olist" / name, rows)


def write_invoices(data_dir: Path, day: str, lines: Sequence[Line]) -> Path:
    """Write (or deliver again) one day of the wholesaler and return the file."""
    file = data_dir / "online_retail" / f"{day}_transactions.csv"
    write_csv(file, [INVOICE_HEADER, *((*line, day) for line in lines)])
    return file


def write_csv(file: Path, rows: Sequence[Line]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="", encoding="utf-8") as text:
        csv.writer(text).writerows(rows)
