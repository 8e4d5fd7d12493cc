"""Rows for scipy.special."""

from __future__ import annotations

import scipy.special as special

from .base import Fixed, Table, between, normal, real, scalar, spread, whole

CASES = Table()
add = CASES.add

P3 = between(0.15, 0.85, 3, seed=1)
X3 = between(0.4, 2.5, 3, seed=2)
A3 = between(0.8, 3.0, 3, seed=3)
B3 = between(0.8, 3.0, 3, seed=4)
R3 = spread(3, low=-1.6, high=1.8, seed=5)

CASES.add_family(
    "special",
    special,
    {
        "bdtr": (Fixed(real(2, 1, 3)), whole(5, 4, 6), P3),
        "bdtrc": (Fixed(real(2, 1, 3)), whole(5, 4, 6), P3),
        "bdtri": (Fixed(real(2, 1, 3)), whole(5, 4, 6), P3),
        "betainc": (Fixed(A3), Fixed(B3), P3),
        "betainc(a, b)": (A3, B3, Fixed(P3)),
        "betaincc": (Fixed(A3), Fixed(B3), P3),
        "betaincinv": (Fixed(A3), Fixed(B3), P3),
        "betaln": (A3, B3),
        "binom": (A3 + 4.0, B3),
        "boxcox": (X3, R3),
        "boxcox1p": (X3, R3),
        "cbrt": (X3,),
        "chdtr": (Fixed(A3), X3),
        "chdtr(v)": (A3, Fixed(X3)),
        "chdtrc": (Fixed(A3), X3),
        "chdtri": (Fixed(A3), P3),
        "cosdg": (between(10, 80, 3),),
        "cosm1": (X3,),
        "cotdg": (between(10, 80, 3),),
        "digamma": (X3,),
        "ellipk": (P3,),
        "ellipkm1": (P3,),
        "entr": (X3,),
        "erf": (R3,),
        "erfc": (R3,),
        "erfcx": (R3,),
        "erfinv": (P3 - 0.4,),
        "exp1": (X3,),
        "exp2": (R3,),
        "exp10": (R3,),
        "expi": (X3,),
        "expit": (R3,),
        "expn": (whole(1, 2, 3), X3),
        "exprel": (R3,),
        "fdtr": (Fixed(A3), Fixed(B3), X3),
        "fdtrc": (Fixed(A3), Fixed(B3), X3),
        "fdtri": (Fixed(A3), Fixed(B3), P3),
        "gamma": (X3,),
        "gammainc": (Fixed(A3), X3),
        "gammainc(a)": (A3, Fixed(X3)),
        "gammaincc": (Fixed(A3), X3),
        "gammainccinv": (Fixed(A3), P3),
        "gammaincinv": (Fixed(A3), P3),
        "gammaln": (X3,),
        "gdtr": (A3, Fixed(B3), X3),
        "gdtrc": (A3, Fixed(B3), X3),
        "huber": (A3, R3),
        "hyp1f1": (Fixed(A3), Fixed(B3), R3),
        "i0": (R3,),
        "i0e": (R3,),
        "i1": (R3,),
        "i1e": (R3,),
        "inv_boxcox": (P3, A3),
        "inv_boxcox1p": (P3, A3),
        "j0": (X3,),
        "j1": (X3,),
        "k0": (X3,),
        "k0e": (X3,),
        "k1": (X3,),
        "k1e": (X3,),
        "kl_div": (X3, A3),
        "log_ndtr": (R3,),
        "loggamma": (X3,),
        "logit": (P3,),
        "lpmv": (Fixed(real(0, 1, 1)), Fixed(real(1, 2, 3)), P3),
        "nbdtr": (whole(2, 1, 3), whole(5, 4, 6), P3),
        "nbdtrc": (whole(2, 1, 3), whole(5, 4, 6), P3),
        "nbdtri": (whole(2, 1, 3), whole(5, 4, 6), P3),
        "ndtr": (R3,),
        "ndtri": (P3,),
        "pdtr": (Fixed(real(2, 1, 3)), X3),
        "pdtrc": (Fixed(real(2, 1, 3)), X3),
        "pdtri": (whole(2, 1, 3), P3),
        "poch": (X3, A3),
        "polygamma": (whole(0, 1, 2), X3),
        "pseudo_huber": (A3, R3),
        "psi": (X3,),
        "radian": (between(10, 80, 3), X3, A3),
        "rel_entr": (X3, A3),
        "rgamma": (X3,),
        "sinc": (R3,),
        "sindg": (between(10, 80, 3),),
        "spence": (X3,),
        "stdtr": (Fixed(A3), R3),
        "stdtr(df)": (A3, Fixed(R3)),
        "stdtrit": (Fixed(A3), P3),
        "tandg": (between(10, 80, 3),),
        "xlog1py": (X3, A3),
        "xlogy": (X3, A3),
        "y0": (X3,),
        "y1": (X3,),
        "yn": (whole(0, 1, 2), X3),
        "zeta": (Fixed(A3 + 1.5), X3),
        "zetac": (A3 + 1.5,),
    },
)
add("special.logsumexp", lambda xp, x: special.logsumexp(x, axis=1), normal(2, 4))
add(
    "special.logsumexp(b)",
    lambda xp, x, b: special.logsumexp(x, axis=0, b=b),
    normal(2, 4),
    between(0.5, 2, 2, 4),
)
add("special.softmax", lambda xp, x: special.softmax(x, axis=1), normal(2, 4))
add("special.log_softmax", lambda xp, x: special.log_softmax(x, axis=1), normal(2, 4))
add("special.multigammaln", lambda xp, a: special.multigammaln(a, 3), between(2, 5, 3))

# The same functions beside Python numbers, broadcast, and where one branch of them would not be finite.
add("special.gammainc(number)", lambda xp, x: special.gammainc(2.0, x), X3)
add("special.xlogy(number)", lambda xp, x: special.xlogy(x, 2.0), X3)
add("special.stdtr(number)", lambda xp, x: special.stdtr(4.0, x), R3)
add("special.betaln(broadcast)", lambda xp, a, b: special.betaln(a[:, None], b), A3, B3)
add("special.rel_entr(broadcast)", lambda xp, a, b: special.rel_entr(a[:, None], b), A3, B3)
add("special.expit(0-d)", lambda xp, x: special.expit(x), scalar(0.3))
add("special.expit(extreme)", lambda xp, x: special.expit(x) * 1e3, real(-30.0, 30.0, 2.0))
add("special.log_ndtr(extreme)", lambda xp, x: special.log_ndtr(x), real(-40.0, -8.0, 3.0))
add("special.ndtri(extreme)", lambda xp, p: special.ndtri(p), real(0.02, 0.98))
add("special.erfcx(extreme)", lambda xp, x: special.erfcx(x), real(-3.0, 30.0))
add("special.gammaln(negative)", lambda xp, x: special.gammaln(x), real(-0.4, -2.7))
add("special.psi(negative)", lambda xp, x: special.psi(x), real(-0.4, -2.7))
add("special.xlogy(zero)", lambda xp, y: special.xlogy(xp.asarray([0.0, 1.0, 2.0]), y), A3)
add("special.entr(masked)", lambda xp, x: special.entr(xp.where(x > 1, x, xp.zeros_like(x))), X3)
add("special.polygamma(number)", lambda xp, x: special.polygamma(2, x), X3)
add("special.logsumexp(all)", lambda xp, x: special.logsumexp(x), normal(2, 4))
add(
    "special.logsumexp(keepdims)",
    lambda xp, x: special.logsumexp(x, axis=(0, 1), keepdims=True),
    normal(2, 4),
)
add(
    "special.logsumexp(sign)",
    lambda xp, x, b: special.logsumexp(x, b=b, axis=1, return_sign=True),
    normal(2, 4),
    normal(2, 4, seed=7),
)
add(
    "special.logsumexp(-inf)",
    lambda xp, x: special.logsumexp(xp.where(x > 0, x, -xp.inf), axis=1),
    normal(2, 4),
)
add("special.softmax(all)", lambda xp, x: special.softmax(x), normal(2, 4))
add("special.log_softmax(axes)", lambda xp, x: special.log_softmax(x, axis=(0, 1)), normal(2, 4))
