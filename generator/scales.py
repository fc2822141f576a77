"""How large a shop is: the four scales, and what a number of days makes of them."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from generator.errors import GeneratorError

END = date(2026, 6, 30)  # the last day unless another is given: never today
FEWEST_DAYS = 14


@dataclass(frozen=True)
class Scale:
    """The shop's size. Lines and ratings are aims: what the simulation gives lies near them."""

    name: str
    days: int
    lines: int
    customers: int
    products: int
    ratings: int
    stores: int
    warehouses: int
    snapshot_products: int  # best sellers whose stock is counted every day

    def over(self, days: int) -> "Scale":
        """Return the same shop watched for another number of days: as busy a day, and as many newcomers."""
        if days < FEWEST_DAYS:
            raise GeneratorError(
                f"{days} days are too few: weeks have to be seen, so take {FEWEST_DAYS} or more."
            )
        share = days / self.days
        return replace(
            self,
            days=days,
            lines=round(self.lines * share),
            customers=max(20, round(self.customers * share)),
            ratings=round(self.ratings * share),
        )


SCALES = {
    scale.name: scale
    for scale in (
        Scale("tiny", 45, 2_000, 200, 100, 400, 2, 2, 60),
        Scale("small", 180, 50_000, 3_000, 800, 10_000, 3, 2, 300),
        Scale("medium", 365, 500_000, 20_000, 3_000, 100_000, 4, 2, 600),
        Scale("large", 730, 5_000_000, 100_000, 10_000, 1_000_000, 6, 3, 1_500),
    )
}


@dataclass(frozen=True)
class Options:
    """What decides every byte: the scale, the seed, the last day and the share of faulty rows."""

    scale: Scale
    seed: int = 1
    end: date = END
    faults: float = 0.0

    @property
    def start(self) -> date:
        """Return the first day."""
        return self.end - timedelta(days=self.scale.days - 1)


def options(
    scale: str, seed: int = 1, days: int | None = None, end: date = END, faults: float = 0.0
) -> Options:
    """Return options for a scale by name. Raises GeneratorError for what makes no sense."""
    if scale not in SCALES:
        raise GeneratorError(f"There is no scale {scale!r}; there are {', '.join(SCALES)}.")
    if not 0 <= faults <= 0.2:
        raise GeneratorError("The rate of faults is a share of the rows from 0 to 0.2.")
    if seed < 0:
        raise GeneratorError("The seed is a number from 0.")
    size = SCALES[scale]
    return Options(size if days is None else size.over(days), seed, end, float(faults))
