"""Where the shop is: cities, stores, warehouses, and how long a parcel takes."""

from dataclasses import dataclass

import numpy as np

from generator.arrays import Array
from generator.scales import Scale


@dataclass(frozen=True)
class City:
    """A city with its share of the customers and the days that a parcel takes from its region's warehouse."""

    name: str
    state: str
    postal_prefix: str
    share: float
    region: int  # west, north, south: the order of WAREHOUSES
    transit_days: int


CITIES = (
    City("Mumbai", "Maharashtra", "400", 14, 0, 1),
    City("Delhi", "Delhi", "110", 13, 1, 1),
    City("Bengaluru", "Karnataka", "560", 12, 2, 1),
    City("Hyderabad", "Telangana", "500", 8, 2, 2),
    City("Pune", "Maharashtra", "411", 8, 0, 1),
    City("Chennai", "Tamil Nadu", "600", 7, 2, 2),
    City("Ahmedabad", "Gujarat", "380", 6, 0, 2),
    City("Kolkata", "West Bengal", "700", 6, 1, 3),
    City("Jaipur", "Rajasthan", "302", 4, 1, 2),
    City("Lucknow", "Uttar Pradesh", "226", 3, 1, 2),
    City("Surat", "Gujarat", "395", 3, 0, 2),
    City("Nagpur", "Maharashtra", "440", 2, 0, 2),
    City("Indore", "Madhya Pradesh", "452", 2, 0, 3),
    City("Kochi", "Kerala", "682", 2, 2, 3),
    City("Coimbatore", "Tamil Nadu", "641", 2, 2, 2),
    City("Chandigarh", "Chandigarh", "160", 2, 1, 2),
    City("Bhopal", "Madhya Pradesh", "462", 1.5, 0, 3),
    City("Patna", "Bihar", "800", 1.5, 1, 4),
    City("Visakhapatnam", "Andhra Pradesh", "530", 1.5, 2, 3),
    City("Guwahati", "Assam", "781", 1, 1, 5),
)
WAREHOUSES = (
    ("W01", "Bhiwandi Fulfilment Centre", "Bhiwandi", "Maharashtra", "421302"),
    ("W02", "Gurugram Fulfilment Centre", "Gurugram", "Haryana", "122001"),
    ("W03", "Hosur Fulfilment Centre", "Hosur", "Tamil Nadu", "635109"),
)
STORE_CITIES = (0, 1, 2, 4, 3, 5)  # the cities of the stores, the first store first
STORE_SHARES = (1.3, 1.15, 1.1, 0.8, 0.85, 0.7)
CARRIERS = ("Vayu Express", "Setu Logistics", "Garuda Parcels", "Nila Couriers")
CARRIER_SPEED = np.array([0.85, 1.0, 1.05, 1.25])  # on the days of transit
CARRIER_SHARE = np.array([0.35, 0.3, 0.2, 0.15])


@dataclass(frozen=True)
class Places:
    """The shop's stores and warehouses, by number."""

    stores: int
    warehouses: int

    @property
    def store_share(self) -> Array:
        return np.array(STORE_SHARES[: self.stores])

    def warehouse_of_city(self) -> Array:
        """Return the warehouse that serves each city; with two, the west serves the south."""
        region = np.array([city.region for city in CITIES])
        return np.where(region < self.warehouses, region, 0)

    def warehouse_of_store(self) -> Array:
        """Return the warehouse that fills each store's shelves every night."""
        return self.warehouse_of_city()[list(STORE_CITIES[: self.stores])]

    def home_store(self) -> Array:
        """Return the store that people of each city go to: their city's, else one of their region's."""
        homes = []
        cities = STORE_CITIES[: self.stores]
        for number, city in enumerate(CITIES):
            near = [place for place, at in enumerate(cities) if at == number]
            near += [place for place, at in enumerate(cities) if CITIES[at].region == city.region]
            homes.append(near[0] if near else number % self.stores)
        return np.array(homes)


def places(scale: Scale) -> Places:
    """Return the places of a shop of this size."""
    return Places(scale.stores, scale.warehouses)


def city_share() -> Array:
    """Return each city's share of the customers."""
    return np.array([city.share for city in CITIES])


def transit_days() -> Array:
    """Return the usual days of transit to each city."""
    return np.array([city.transit_days for city in CITIES])
