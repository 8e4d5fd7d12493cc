"""Rows for scipy.stats: descriptive statistics, tests and their p-values, likelihoods."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special as special
import scipy.stats as stats

from .base import Fixed, Table, between, normal, real, scalar, spread

CASES = Table()
add = CASES.add

S8 = spread(8, seed=10)
T8 = spread(8, seed=11)
S5 = spread(5, seed=12)
G = (spread(6, seed=13), spread(5, low=0.5, high=3.4, seed=14), spread(7, low=0.1, high=2.6, seed=15))
M26 = spread(2, 6, seed=16)
N20 = normal(20, seed=17)
X5 = between(0.5, 2, 5)


def both(result: Any) -> tuple[Any, Any]:
    """The statistic and the p-value of a test's result."""
    return result.statistic, result.pvalue


add("stats.alexandergovern", lambda xp, *g: stats.alexandergovern(*g).statistic, *G)
add("stats.alexandergovern(pvalue)", lambda xp, *g: stats.alexandergovern(*g).pvalue, *G)
add("stats.bartlett", lambda xp, *g: stats.bartlett(*g).statistic, *G)
add("stats.bartlett(pvalue)", lambda xp, *g: stats.bartlett(*g).pvalue, *G)
add(
    "stats.bootstrap",
    lambda xp, x: (
        stats.bootstrap(
            (x,), lambda x, axis: xp.mean(x, axis=axis), n_resamples=20, rng=1, method="basic"
        ).standard_error
    ),
    S8,
)
add("stats.boxcox_llf", lambda xp, x: stats.boxcox_llf(0.4, x), S8)
add("stats.boxcox_llf(lmb)", lambda xp, lmb, x: stats.boxcox_llf(lmb, x), scalar(0.4), S8)
add("stats.chisquare", lambda xp, o: stats.chisquare(o, axis=None).statistic, S8)
add("stats.chisquare(pvalue)", lambda xp, o: stats.chisquare(o).pvalue, S8 * 9)
add("stats.circmean", lambda xp, x: stats.circmean(x), between(0.2, 1.5, 6))
add("stats.circstd", lambda xp, x: stats.circstd(x), between(0.2, 1.5, 6))
add("stats.circvar", lambda xp, x: stats.circvar(x), between(0.2, 1.5, 6))
add("stats.combine_pvalues(fisher)", lambda xp, p: both(stats.combine_pvalues(p)), between(0.1, 0.9, 4))
add(
    "stats.combine_pvalues(stouffer)",
    lambda xp, p: both(stats.combine_pvalues(p, method="stouffer")),
    between(0.1, 0.9, 4),
)
add("stats.cramervonmises", lambda xp, x: stats.cramervonmises(x, special.ndtr).statistic, normal(6))
add("stats.describe", lambda xp, x: tuple(stats.describe(x))[2:], S8)
add(
    "stats.differential_entropy",
    lambda xp, x: stats.differential_entropy(x, method="vasicek"),
    spread(12, low=-2, high=2),
)
add(
    "stats.differential_entropy(ebrahimi)",
    lambda xp, x: stats.differential_entropy(x, method="ebrahimi"),
    spread(12, low=-2, high=2),
)
add(
    "stats.directional_stats",
    lambda xp, x: (lambda r: (r.mean_direction, r.mean_resultant_length))(stats.directional_stats(x)),
    normal(5, 3),
)
add("stats.entropy", lambda xp, p: stats.entropy(p), between(0.2, 1, 5))
add("stats.entropy(qk)", lambda xp, p, q: stats.entropy(p, q), between(0.2, 1, 5), between(0.2, 1, 5, seed=1))
add("stats.epps_singleton_2samp", lambda xp, x, y: stats.epps_singleton_2samp(x, y).statistic, S8, T8 + 0.4)
add("stats.f_oneway", lambda xp, *g: stats.f_oneway(*g).statistic, *G)
add("stats.f_oneway(pvalue)", lambda xp, *g: stats.f_oneway(*g).pvalue, *G)
add(
    "stats.false_discovery_control",
    lambda xp, p: stats.false_discovery_control(p),
    spread(6, low=0.01, high=0.4),
)
add("stats.gmean", lambda xp, x: stats.gmean(x, axis=1), M26)
add("stats.gmean(weights)", lambda xp, x, w: stats.gmean(x, weights=w), S5, between(0.5, 2, 5))
add("stats.gstd", lambda xp, x: stats.gstd(x), S8)
add("stats.gzscore", lambda xp, x: stats.gzscore(x), S8)
add("stats.hmean", lambda xp, x: stats.hmean(x, axis=1), M26)
add("stats.iqr", lambda xp, x: stats.iqr(x), S8)
add("stats.jarque_bera", lambda xp, x: stats.jarque_bera(x).statistic, S8)
add("stats.jarque_bera(pvalue)", lambda xp, x: stats.jarque_bera(x).pvalue, S8)
add("stats.ks_1samp", lambda xp, x: stats.ks_1samp(x, special.ndtr).statistic, normal(6))
add("stats.kstat", lambda xp, x: stats.kstat(x, 3), S8)
add("stats.kstatvar", lambda xp, x: stats.kstatvar(x, 2), S8)
add("stats.kurtosis", lambda xp, x: stats.kurtosis(x, axis=1, bias=False), M26)
add("stats.kurtosistest", lambda xp, x: stats.kurtosistest(x).statistic, N20)
add("stats.kurtosistest(pvalue)", lambda xp, x: stats.kurtosistest(x).pvalue, N20)
add("stats.levene", lambda xp, *g: stats.levene(*g).statistic, *G)
add("stats.levene(mean, pvalue)", lambda xp, *g: stats.levene(*g, center="mean").pvalue, *G)
add("stats.lmoment", lambda xp, x: stats.lmoment(x), S8)
add("stats.median_abs_deviation", lambda xp, x: stats.median_abs_deviation(x), spread(7, seed=21))
add("stats.moment", lambda xp, x: stats.moment(x, order=[1, 2, 3], axis=1), M26)
add("stats.moment(center)", lambda xp, x: stats.moment(x, order=3, center=0.5), S8)
add("stats.normaltest", lambda xp, x: stats.normaltest(x).statistic, N20)
add("stats.normaltest(pvalue)", lambda xp, x: stats.normaltest(x).pvalue, N20)
add("stats.pearsonr", lambda xp, x, y: stats.pearsonr(x, y).statistic, S8, T8)
add("stats.pearsonr(pvalue)", lambda xp, x, y: stats.pearsonr(x, y).pvalue, S8, T8)
add(
    "stats.pearsonr(confidence_interval)",
    lambda xp, x, y: tuple(stats.pearsonr(x, y).confidence_interval()),
    S8,
    T8,
)
add("stats.pmean", lambda xp, x: stats.pmean(x, 2.5), S8)
add("stats.power_divergence", lambda xp, o: stats.power_divergence(o, lambda_=0.7).statistic, S8)
add(
    "stats.power_divergence(expected)",
    lambda xp, o, e: stats.power_divergence(o, e * xp.sum(o) / xp.sum(e), lambda_="log-likelihood").statistic,
    S5,
    between(0.5, 2, 5),
)
add("stats.quantile", lambda xp, x, p: stats.quantile(x, p), S8, real(0.33, 0.71))
add(
    "stats.quantile(harrell-davis)",
    lambda xp, x, p: stats.quantile(x, p, method="harrell-davis"),
    S8,
    Fixed(real(0.4)),
)
add("stats.sem", lambda xp, x: stats.sem(x, axis=1), M26)
add("stats.sigmaclip", lambda xp, x: tuple(stats.sigmaclip(x, 1.2, 1.2)), S8)
add("stats.skew", lambda xp, x: stats.skew(x, axis=1, bias=False), M26)
add("stats.skewtest", lambda xp, x: stats.skewtest(x).statistic, N20)
add("stats.skewtest(pvalue)", lambda xp, x: stats.skewtest(x, alternative="less").pvalue, N20)
add("stats.tmax", lambda xp, x: stats.tmax(x, 2.0), S8)
add("stats.tmean", lambda xp, x: stats.tmean(x, (0.5, 2.5)), S8)
add("stats.tmin", lambda xp, x: stats.tmin(x, 0.6), S8)
add("stats.trim_mean", lambda xp, x: stats.trim_mean(x, 0.2), S8)
add("stats.tsem", lambda xp, x: stats.tsem(x, (0.5, 2.5)), S8)
add("stats.tstd", lambda xp, x: stats.tstd(x, (0.5, 2.5)), S8)
add("stats.tvar", lambda xp, x: stats.tvar(x, (0.5, 2.5)), S8)
add("stats.ttest_1samp", lambda xp, x: stats.ttest_1samp(x, 1.4).statistic, S8)
add("stats.ttest_1samp(pvalue)", lambda xp, x: stats.ttest_1samp(x, 1.4).pvalue, S8)
add(
    "stats.ttest_1samp(confidence_interval)",
    lambda xp, x: tuple(stats.ttest_1samp(x, 1.4).confidence_interval()),
    S8,
)
add("stats.ttest_ind", lambda xp, x, y: stats.ttest_ind(x, y).statistic, *G[:2])
add("stats.ttest_ind(welch, pvalue)", lambda xp, x, y: stats.ttest_ind(x, y, equal_var=False).pvalue, *G[:2])
add(
    "stats.ttest_ind_from_stats",
    lambda xp, m1, s1, m2, s2: stats.ttest_ind_from_stats(m1, s1, 9, m2, s2, 8).statistic,
    real(1.0),
    real(0.6),
    real(1.4),
    real(0.8),
)
add("stats.ttest_rel", lambda xp, x, y: stats.ttest_rel(x, y).statistic, S8, T8)
add("stats.ttest_rel(pvalue)", lambda xp, x, y: stats.ttest_rel(x, y).pvalue, S8, T8)
add("stats.variation", lambda xp, x: stats.variation(x, axis=1), M26)
add("stats.yeojohnson_llf", lambda xp, x: stats.yeojohnson_llf(0.6, x), S8 - 1.1)
add("stats.yeojohnson_llf(lmb)", lambda xp, lmb, x: stats.yeojohnson_llf(lmb, x), scalar(0.6), S8 - 1.1)
add("stats.zmap", lambda xp, s, x: stats.zmap(s, x), S5, S8)
add("stats.zscore", lambda xp, x: stats.zscore(x, axis=1), M26)

# Further arguments of the same functions.
CASES.add_each(
    "stats",
    stats,
    ["gmean(all)", "hmean(all)", "sem(all)", "variation(all)", "skew(all)", "kurtosis(all)", "iqr(all)"],
    lambda f, xp, x: f(x, axis=None),
    M26,
)
CASES.add_each(
    "stats",
    stats,
    ["gmean(kept)", "hmean(kept)", "sem(kept)", "variation(kept)", "skew(kept)", "kurtosis(kept)"],
    lambda f, xp, x: f(x, axis=1, keepdims=True),
    M26,
)
CASES.add_each(
    "stats",
    stats,
    [
        "sem(ddof)",
        "variation(ddof)",
        "gstd(ddof)",
        "zscore(ddof)",
        "gzscore(ddof)",
        "tstd(ddof)",
        "tvar(ddof)",
    ],
    lambda f, xp, x: f(x, axis=1, ddof=0) + f(x, axis=1, ddof=1),
    M26,
)
CASES.add_each(
    "stats",
    stats,
    ["hmean(weights)", "gmean(axis, weights)"],
    lambda f, xp, x, w: f(x, axis=1, weights=w),
    M26,
    between(0.5, 2, 2, 6),
)
CASES.add_each(
    "stats",
    stats,
    ["bartlett(axis)", "alexandergovern(axis)", "f_oneway(axis)", "levene(axis)"],
    lambda f, xp, x, y: f(x, y, axis=1).statistic,
    M26,
    spread(2, 5, seed=22),
)
CASES.add_each(
    "stats",
    stats,
    ["ttest_ind(axis)", "ttest_ind(kept)"],
    lambda f, xp, x, y: f(x, y, axis=1, alternative="greater", keepdims=True).pvalue,
    M26,
    spread(2, 5, seed=22),
)
CASES.add_each(
    "stats",
    stats,
    ["skewtest(axis)", "kurtosistest(axis)", "normaltest(axis)", "jarque_bera(axis)"],
    lambda f, xp, x: f(x, axis=1).statistic,
    normal(2, 20, seed=23),
)
CASES.add_each(
    "stats",
    stats,
    ["circmean(bounds)", "circvar(bounds)", "circstd(bounds)"],
    lambda f, xp, x: f(x, high=12.0, low=-12.0, axis=1),
    between(-2, 3, 2, 5),
)
CASES.add_each(
    "stats",
    stats,
    ["tmean(axis)", "tvar(axis)", "tstd(axis)"],
    lambda f, xp, x: f(x, (0.4, 2.8), axis=1),
    M26,
)
CASES.add_each("stats", stats, ["tmin(axis)", "tmax(axis)"], lambda f, xp, x: f(x, axis=1), M26)
add("stats.pmean(weights)", lambda xp, x, w: stats.pmean(x, -1.5, weights=w), S5, between(0.5, 2, 5))
add("stats.pmean(0)", lambda xp, x: stats.pmean(x, 0), S5)
add("stats.entropy(base, axis)", lambda xp, p: stats.entropy(p, base=2, axis=1), between(0.2, 1, 2, 5))
for _method in (
    "inverted_cdf",
    "averaged_inverted_cdf",
    "hazen",
    "interpolated_inverted_cdf",
    "weibull",
    "median_unbiased",
    "normal_unbiased",
    "round_nearest",
):
    add(
        f"stats.quantile({_method})",
        lambda xp, x, p, m=_method: stats.quantile(x, p, method=m, axis=1),
        M26,
        Fixed(real(0.13, 0.71)[:, None] + np.zeros((2, 1))),
    )
add(
    "stats.quantile(keepdims)",
    lambda xp, x, p: stats.quantile(x, p, axis=None, keepdims=True),
    M26,
    Fixed(real(0.37)),
)
add(
    "stats.pearsonr(axis)",
    lambda xp, x, y: stats.pearsonr(x, y, axis=1).statistic,
    M26,
    spread(2, 6, seed=24),
)
add("stats.pearsonr(less)", lambda xp, x, y: stats.pearsonr(x, y, alternative="less").pvalue, S8, T8)
add("stats.f_oneway(welch)", lambda xp, *g: stats.f_oneway(*g, equal_var=False).statistic, *G)
add("stats.levene(trimmed)", lambda xp, *g: stats.levene(*g, center="trimmed").statistic, *G)
add("stats.ttest_rel(axis)", lambda xp, x, y: both(stats.ttest_rel(x, y, axis=1)), M26, spread(2, 6, seed=24))
add("stats.ttest_1samp(popmean)", lambda xp, x, m: stats.ttest_1samp(x, m).statistic, S8, real(1.2))
add("stats.kstat(4)", lambda xp, x: stats.kstat(x, 4), S8)
add("stats.kstatvar(1)", lambda xp, x: stats.kstatvar(x, 1), S8)
add("stats.kurtosis(pearson)", lambda xp, x: stats.kurtosis(x, fisher=False, axis=0), spread(5, 2))
add(
    "stats.chisquare(f_exp)", lambda xp, o, e: stats.chisquare(o, e * xp.sum(o) / xp.sum(e)).statistic, S5, X5
)
for _name in ("pearson", "freeman-tukey", "mod-log-likelihood", "neyman", "cressie-read"):
    add(
        f"stats.power_divergence({_name})",
        lambda xp, o, n=_name: both(stats.power_divergence(o, lambda_=n, axis=1)),
        M26,
    )
for _name in ("pearson", "tippett", "mudholkar_george"):
    add(
        f"stats.combine_pvalues({_name})",
        lambda xp, p, n=_name: both(stats.combine_pvalues(p, method=n)),
        between(0.1, 0.9, 4),
    )
add(
    "stats.combine_pvalues(weights)",
    lambda xp, p, w: both(stats.combine_pvalues(p, method="stouffer", weights=w)),
    between(0.1, 0.9, 4),
    between(0.5, 2, 4),
)
add(
    "stats.false_discovery_control(by)",
    lambda xp, p: stats.false_discovery_control(p, method="by"),
    spread(6, low=0.01, high=0.1),
)
add("stats.boxcox_llf(axis)", lambda xp, x: stats.boxcox_llf(0.0, x, axis=1), M26)
add("stats.yeojohnson_llf(axis)", lambda xp, x: stats.yeojohnson_llf(1.4, x, axis=1), M26 - 1.3)
for _name in ("van es", "correa", "auto"):
    add(
        f"stats.differential_entropy({_name})",
        lambda xp, x, m=_name: stats.differential_entropy(x, method=m, base=2, axis=1),
        spread(2, 12, low=-2, high=2),
    )
add("stats.trim_mean(all)", lambda xp, x: stats.trim_mean(x, 0.2, axis=None), M26)
add("stats.iqr(scale)", lambda xp, x: stats.iqr(x, axis=1, rng=(20, 70), scale="normal", keepdims=True), M26)
add(
    "stats.median_abs_deviation(scale)",
    lambda xp, x: stats.median_abs_deviation(x, axis=1, scale="normal"),
    spread(2, 7),
)
add(
    "stats.directional_stats(raw)",
    lambda xp, x: stats.directional_stats(x, normalize=False).mean_direction,
    normal(5, 3),
)
add("stats.zmap(ddof)", lambda xp, s, x: stats.zmap(s, x, axis=1, ddof=1), M26, spread(2, 5))
add("stats.lmoment(order)", lambda xp, x: stats.lmoment(x, 3, axis=1), M26)
add("stats.describe(axis)", lambda xp, x: tuple(stats.describe(x, axis=1, ddof=0))[2:], M26)
add(
    "stats.permutation_test",
    lambda xp, x, y: (
        stats.permutation_test(
            (x, y),
            lambda x, y, axis: xp.mean(x, axis=axis) - xp.mean(y, axis=axis),
            n_resamples=9,
            rng=1,
            vectorized=True,
        ).statistic
    ),
    S5,
    S8,
)
add(
    "stats.monte_carlo_test",
    lambda xp, x: (
        stats.monte_carlo_test(
            x,
            lambda size: xp.asarray(np.random.default_rng(1).normal(size=size), device=x.device),
            lambda x, axis: xp.std(x, axis=axis),
            n_resamples=9,
            vectorized=True,
        ).statistic
    ),
    S5,
)
