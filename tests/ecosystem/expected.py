"""What comes of the rows that are not simply right, with the versions below; everything else has to be right.

refused      an error says by name what cannot be differentiated
unsupported  the library itself does not take these arrays, traced or not
failed       an error of SciPy's own that nnx did not annotate: it asks for array-api-strict by name to make
             an exception, or hands a dtype of it to NumPy
"""

from __future__ import annotations

VERSIONS = {"scipy": "1.17", "sklearn": "1.9"}

# fmt: off
REFUSED = (
    "stats.boxcox_llf(lmb)", "fft.dct", "fft.idct", "fft.dst", "fft.idst", "fft.dctn", "fft.idctn",
    "fft.dstn", "fft.idstn", "interpolate.RBFInterpolator",
    "interpolate.RBFInterpolator(thin_plate_spline)", "interpolate.CubicSpline",
    "interpolate.make_interp_spline", "cluster.vq.vq", "interpolate.RBFInterpolator(linear)",
    "signal.convolve", "signal.convolve(direct)", "signal.convolve2d", "signal.correlate2d",
    "signal.detrend", "signal.detrend(constant)", "signal.resample_poly", "signal.upfirdn",
    "signal.lfilter", "signal.filtfilt", "signal.sosfilt", "signal.wiener", "signal.medfilt",
    "signal.deconvolve", "signal.cspline1d", "signal.zpk2sos", "signal.bilinear", "signal.place_poles",
    "signal.iirnotch", "signal.lti step", "metrics.mean_squared_error(one number)",
    "metrics.r2_score(one number)", "metrics.max_error(one number)",
    "metrics.mean_tweedie_deviance(one number)", "metrics.mean_poisson_deviance(one number)",
    "metrics.mean_gamma_deviance(one number)", "metrics.d2_tweedie_score(one number)", "metrics.log_loss",
    "metrics.brier_score_loss", "metrics.d2_log_loss_score", "metrics.d2_brier_score",
    "metrics.calinski_harabasz_score", "metrics.davies_bouldin_score", "LogisticRegression.coef_",
    "PoissonRegressor.coef_", "CalibratedClassifierCV", "ndimage.gaussian_filter",
    "ndimage.gaussian_filter1d", "ndimage.uniform_filter", "ndimage.laplace", "ndimage.sobel",
    "ndimage.median_filter", "ndimage.zoom", "ndimage.shift", "ndimage.rotate", "ndimage.spline_filter",
    "ndimage.center_of_mass", "ndimage.mean", "ndimage.variance", "ndimage.standard_deviation",
    "ndimage.convolve", "ndimage.map_coordinates", "linalg.solve", "linalg.inv", "linalg.det",
    "linalg.expm", "linalg.cholesky", "linalg.eigh", "linalg.svdvals", "linalg.toeplitz", "distance.cdist",
    "distance.pdist", "distance.cosine", "distance.jensenshannon", "stats.norm.logpdf",
    "stats.gamma.logpdf", "stats.t.cdf", "stats.multivariate_normal.logpdf", "stats.Normal.logpdf",
    "stats.linregress", "stats.wasserstein_distance", "stats.energy_distance", "stats.boxcox",
    "stats.gaussian_kde", "integrate.simpson", "integrate.quad", "interpolate.RegularGridInterpolator",
    "interpolate.interp1d", "signal.welch", "signal.periodogram", "signal.lombscargle",
    "LinearRegression.coef_",
)
"""On every library: compiled code, and results that SciPy or scikit-learn turn into Python numbers."""
NUMPY_REFUSED = (
    "stats.cramervonmises", "stats.ks_1samp", "interpolate.PchipInterpolator",
    "interpolate.Akima1DInterpolator", "signal.sosfilt_zi", "signal.lfilter_zi", "signal.savgol_filter",
    "preprocessing.scale", "preprocessing.RobustScaler",
)
STRICT_REFUSED = (
    "stats.cramervonmises", "stats.ks_1samp", "signal.savgol_filter", "signal.minimum_phase",
    "signal.freqz", "signal.freqs", "signal.freqz_zpk", "signal.freqs_zpk", "signal.freqz_sos",
    "signal.group_delay", "signal.zpk2tf", "signal.sos2tf", "metrics.median_absolute_error",
)
STRICT_UNSUPPORTED = (
    "stats.levene(axis)", "stats.differential_entropy(correa)", "stats.lmoment(order)",
    "integrate.tanhsinh", "integrate.nsum", "differentiate.derivative", "differentiate.jacobian",
    "differentiate.hessian", "optimize.elementwise.find_root", "optimize.elementwise.find_minimum",
    "interpolate.PchipInterpolator", "interpolate.Akima1DInterpolator", "integrate.tanhsinh(infinite)",
    "optimize.elementwise.find_root(closed over)", "optimize.rosen(batch)",
    "signal.windows.general_hamming", "preprocessing.scale", "preprocessing.minmax_scale",
    "preprocessing.maxabs_scale", "preprocessing.RobustScaler",
)
STRICT_FAILED = (
    "stats.bootstrap", "stats.permutation_test", "signal.sosfilt_zi", "signal.lfilter_zi",
)
DEVICE1_REFUSED = (
    "signal.freqz", "signal.freqs", "signal.freqz_zpk", "signal.freqs_zpk", "signal.freqz_sos",
    "signal.group_delay", "signal.zpk2tf", "signal.sos2tf", "metrics.median_absolute_error",
)
DEVICE1_UNSUPPORTED = (
    "special.xlogy(zero)", "stats.alexandergovern", "stats.alexandergovern(pvalue)", "stats.chisquare",
    "stats.chisquare(pvalue)", "stats.cramervonmises", "stats.epps_singleton_2samp", "stats.ks_1samp",
    "stats.levene", "stats.levene(mean, pvalue)", "stats.lmoment", "stats.moment(center)", "stats.pearsonr",
    "stats.pearsonr(pvalue)", "stats.pearsonr(confidence_interval)", "stats.power_divergence",
    "stats.power_divergence(expected)", "stats.ttest_1samp", "stats.ttest_1samp(pvalue)",
    "stats.ttest_1samp(confidence_interval)", "stats.ttest_ind", "stats.ttest_ind_from_stats",
    "stats.ttest_rel", "stats.ttest_rel(pvalue)", "stats.alexandergovern(axis)", "stats.levene(axis)",
    "stats.ttest_ind(axis)", "stats.ttest_ind(kept)", "stats.pearsonr(axis)", "stats.pearsonr(less)",
    "stats.f_oneway(welch)", "stats.levene(trimmed)", "stats.ttest_rel(axis)", "stats.chisquare(f_exp)",
    "stats.power_divergence(pearson)", "stats.power_divergence(freeman-tukey)",
    "stats.power_divergence(mod-log-likelihood)", "stats.power_divergence(neyman)",
    "stats.power_divergence(cressie-read)", "stats.differential_entropy(correa)", "stats.lmoment(order)",
    "stats.permutation_test", "fft.fht", "fft.ifht", "fft.fht(bias)", "integrate.cumulative_trapezoid",
    "integrate.cumulative_simpson", "integrate.cumulative_simpson(dx)", "integrate.romb",
    "integrate.cubature", "integrate.cubature(limits)", "integrate.tanhsinh", "integrate.nsum",
    "differentiate.derivative", "differentiate.jacobian", "differentiate.hessian", "optimize.rosen_hess",
    "optimize.rosen_hess_prod", "optimize.elementwise.find_root", "optimize.elementwise.find_minimum",
    "interpolate.PchipInterpolator", "interpolate.Akima1DInterpolator", "linalg.block_diag",
    "integrate.cumulative_simpson(initial)", "integrate.romb(axis)", "integrate.cubature(gk15)",
    "integrate.cubature(genz-malik)", "integrate.tanhsinh(infinite)",
    "optimize.elementwise.find_root(closed over)", "optimize.rosen(batch)", "linalg.block_diag(three)",
    "signal.sosfilt_zi", "signal.lfilter_zi", "signal.savgol_filter", "signal.vectorstrength",
    "signal.minimum_phase", "signal.tf2zpk", "signal.bilinear_zpk", "signal.lp2lp", "signal.lp2hp",
    "signal.lp2bp", "signal.lp2bs", "signal.lp2hp_zpk", "signal.lp2bp_zpk", "signal.lp2bs_zpk",
    "signal.abcd_normalize", "signal.windows.gaussian", "signal.windows.general_gaussian",
    "signal.windows.exponential", "signal.windows.general_hamming", "signal.windows.kaiser",
    "signal.resample(axis, window)", "preprocessing.scale", "preprocessing.minmax_scale",
    "preprocessing.maxabs_scale", "preprocessing.RobustScaler",
)
DEVICE1_FAILED = (
    "stats.bootstrap",
)
# fmt: on

EXPECTED: dict[str, dict[str, tuple[str, ...]]] = {
    "numpy": {"refused": REFUSED + NUMPY_REFUSED},
    "strict": {
        "refused": REFUSED + STRICT_REFUSED,
        "unsupported": STRICT_UNSUPPORTED,
        "failed": STRICT_FAILED,
    },
    "device1": {
        "refused": REFUSED + DEVICE1_REFUSED,
        "unsupported": DEVICE1_UNSUPPORTED,
        "failed": DEVICE1_FAILED,
    },
}
