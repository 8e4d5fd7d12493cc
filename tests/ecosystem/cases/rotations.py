"""Rows for scipy.spatial.transform."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation, Slerp

from .base import Fixed, Table, normal, real, unit

CASES = Table()
add = CASES.add

Q = unit(3, 4, seed=40)
Q2 = unit(3, 4, seed=41)
V = normal(3, 3, seed=42)
RV = normal(3, 3, seed=43) * 0.7
MAT = Rotation.from_quat(unit(3, 4, seed=44)).as_matrix()
T44 = RigidTransform.from_components(V, Rotation.from_quat(Q)).as_matrix()


def _replaced(rotations: Rotation, other: Rotation) -> Rotation:
    rotations[1] = other
    return rotations


add("Rotation.from_quat", lambda xp, q: Rotation.from_quat(q).as_matrix(), Q * 1.3)
# A matrix that is a rotation already is taken as it is, any other is orthogonalised first: the two branches
# differ in directions that leave the rotations, so the rows stay on one of them.
add("Rotation.from_matrix", lambda xp, m: Rotation.from_matrix(m).as_quat(), MAT + 0.01 * normal(3, 3, 3))
add(
    "Rotation.from_matrix(orthogonal)",
    lambda xp, v: Rotation.from_matrix(Rotation.from_rotvec(v).as_matrix()).as_quat(),
    RV,
)
add("Rotation.from_rotvec", lambda xp, v: Rotation.from_rotvec(v).as_matrix(), RV)
add("Rotation.from_rotvec(one)", lambda xp, v: Rotation.from_rotvec(v).as_quat(), RV[0])
add("Rotation.from_euler", lambda xp, a: Rotation.from_euler("xyz", a).as_matrix(), RV)
add(
    "Rotation.from_euler(degrees)",
    lambda xp, a: Rotation.from_euler("ZYX", a, degrees=True).as_quat(),
    RV * 40,
)
add("Rotation.from_mrp", lambda xp, v: Rotation.from_mrp(v).as_matrix(), RV * 0.5)
add(
    "Rotation.from_davenport",
    lambda xp, axes, a: Rotation.from_davenport(axes, "extrinsic", a).as_matrix(),
    Fixed(np.eye(3)),
    RV[0],
)
add("Rotation.as_quat", lambda xp, q: Rotation.from_quat(q).as_quat(canonical=True), Q)
add("Rotation.as_rotvec", lambda xp, q: Rotation.from_quat(q).as_rotvec(), Q)
add("Rotation.as_euler", lambda xp, q: Rotation.from_quat(q).as_euler("zyx"), Q)
add("Rotation.as_mrp", lambda xp, q: Rotation.from_quat(q).as_mrp(), Q)
add(
    "Rotation.as_davenport",
    lambda xp, q, axes: Rotation.from_quat(q).as_davenport(axes, "extrinsic"),
    Q,
    Fixed(np.eye(3)),
)
add("Rotation.apply", lambda xp, q, v: Rotation.from_quat(q).apply(v), Q, V)
add("Rotation.apply(inverse)", lambda xp, q, v: Rotation.from_quat(q).apply(v, inverse=True), Q, V)
add("Rotation.mul", lambda xp, p, q: (Rotation.from_quat(p) * Rotation.from_quat(q)).as_matrix(), Q, Q2)
add("Rotation.pow", lambda xp, q: (Rotation.from_quat(q) ** 2.5).as_matrix(), Q)
add("Rotation.inv", lambda xp, q: Rotation.from_quat(q).inv().as_matrix(), Q)
add("Rotation.magnitude", lambda xp, q: Rotation.from_quat(q).magnitude(), Q)
add("Rotation.mean", lambda xp, v: Rotation.from_rotvec(v).mean().as_matrix(), RV * 0.4)
add("Rotation.getitem", lambda xp, q: Rotation.from_quat(q)[1].as_matrix(), Q)
add(
    "Rotation.align_vectors",
    lambda xp, a, b: Rotation.align_vectors(a, b)[0].as_matrix(),
    V,
    V @ MAT[0] + 0.1 * RV,
)
add(
    "Slerp",
    lambda xp, q, t, at: Slerp(t, Rotation.from_quat(q))(at).as_matrix(),
    Q,
    real(0.0, 1.0, 2.3),
    real(0.4, 1.7),
)
add(
    "RigidTransform.from_components",
    lambda xp, v, q: RigidTransform.from_components(v, Rotation.from_quat(q)).as_matrix(),
    V,
    Q,
)
add(
    "RigidTransform.from_matrix",
    lambda xp, m, last: RigidTransform.from_matrix(xp.concat([m, last], axis=-2)).as_dual_quat(),
    T44[:, :3] + 0.01 * normal(3, 3, 4),
    Fixed(T44[:, 3:]),
)
add(
    "RigidTransform.from_exp_coords",
    lambda xp, c: RigidTransform.from_exp_coords(c).as_matrix(),
    normal(2, 6) * 0.6,
)
add(
    "RigidTransform.as_exp_coords",
    lambda xp, v, q: RigidTransform.from_components(v, Rotation.from_quat(q)).as_exp_coords(),
    V,
    Q,
)
add("RigidTransform.from_dual_quat", lambda xp, d: RigidTransform.from_dual_quat(d).as_matrix(), normal(2, 8))
add(
    "RigidTransform.apply",
    lambda xp, v, q, x: RigidTransform.from_components(v, Rotation.from_quat(q)).apply(x),
    V,
    Q,
    normal(3, 3, seed=45),
)
add(
    "RigidTransform.mul",
    lambda xp, v, q: (
        RigidTransform.from_components(v, Rotation.from_quat(q))
        * RigidTransform.from_components(v, Rotation.from_quat(q)).inv()
        * RigidTransform.from_components(2 * v, Rotation.from_quat(q))
    ).as_matrix(),
    V,
    Q,
)
add(
    "RigidTransform.pow",
    lambda xp, v, q: (RigidTransform.from_components(v, Rotation.from_quat(q)) ** 1.7).as_matrix(),
    V,
    Q,
)
add(
    "RigidTransform.mean",
    lambda xp, v, r: RigidTransform.from_components(v, Rotation.from_rotvec(r)).mean().as_matrix(),
    V,
    RV * 0.4,
)

# Batches of batches, single rotations, zero and special powers.
Q5 = unit(2, 3, 4, seed=46)
for _sequence in ("XYZ", "zxz", "YZY"):
    add(
        f"Rotation.as_euler({_sequence})",
        lambda xp, q, s=_sequence: Rotation.from_quat(q).as_euler(s, degrees=True),
        Q,
    )
    add(
        f"Rotation.from_euler({_sequence})",
        lambda xp, a, s=_sequence: Rotation.from_euler(s, a).as_quat(),
        RV,
    )
add(
    "Rotation.from_euler(one axis)",
    lambda xp, a: Rotation.from_euler("y", a).as_matrix(),
    real(0.3, 1.1)[:, None],
)
add("Rotation.from_rotvec(degrees)", lambda xp, v: Rotation.from_rotvec(v, degrees=True).as_matrix(), RV * 50)
add("Rotation.from_rotvec(tiny)", lambda xp, v: Rotation.from_rotvec(v).as_matrix(), RV * 1e-4)
add("Rotation.from_rotvec(zero)", lambda xp, v: Rotation.from_rotvec(v).as_matrix(), np.zeros((2, 3)))
add(
    "Rotation.as_rotvec(near zero)",
    lambda xp, v: (Rotation.from_rotvec(v) * Rotation.from_rotvec(-v * 0.999)).as_rotvec() * 1e3,
    RV,
)
add("Rotation.as_rotvec(degrees)", lambda xp, q: Rotation.from_quat(q).as_rotvec(degrees=True), Q)
add(
    "Rotation.as_quat(scalar first)",
    lambda xp, q: Rotation.from_quat(q, scalar_first=True).as_quat(scalar_first=True),
    Q,
)
add("Rotation.apply(one to many)", lambda xp, q, v: Rotation.from_quat(q).apply(v), Q[0], V)
add("Rotation.apply(many to one)", lambda xp, q, v: Rotation.from_quat(q).apply(v), Q, V[0])
add("Rotation.apply(batch)", lambda xp, q, v: Rotation.from_quat(q).apply(v), Q5, V)
add(
    "Rotation.mul(one)",
    lambda xp, p, q: (Rotation.from_quat(p) * Rotation.from_quat(q)).as_rotvec(),
    Q[0],
    Q2,
)
add("Rotation.inv(batch)", lambda xp, q: Rotation.from_quat(q).inv().as_rotvec(), Q5)
for _power in (-1, 2, 1, 0.5):
    add(f"Rotation.pow({_power})", lambda xp, q, n=_power: (Rotation.from_quat(q) ** n).as_matrix(), Q)
add(
    "Rotation.mean(weights)",
    lambda xp, v, w: Rotation.from_rotvec(v).mean(w).as_matrix(),
    RV * 0.4,
    real(1.0, 2.0, 0.7),
)
add("Rotation.reduce", lambda xp, q: Rotation.from_quat(q).reduce().as_matrix(), Q)
add(
    "Rotation.concatenate",
    lambda xp, p, q: Rotation.concatenate([Rotation.from_quat(p), Rotation.from_quat(q)]).as_matrix(),
    Q,
    Q2,
)
add(
    "Rotation.setitem",
    lambda xp, p, q: _replaced(Rotation.from_quat(p), Rotation.from_quat(q)).as_matrix(),
    Q,
    Q2[1],
)
add(
    "Rotation.align_vectors(weights)",
    lambda xp, a, b, w: Rotation.align_vectors(a, b, weights=w)[0].as_matrix(),
    V,
    V @ MAT[0] + 0.1 * RV,
    real(1.0, 2.0, 0.7),
)
add(
    "RigidTransform.inv",
    lambda xp, v, q: RigidTransform.from_components(v, Rotation.from_quat(q)).inv().as_matrix(),
    V,
    Q,
)
add("RigidTransform.from_translation", lambda xp, v: RigidTransform.from_translation(v).as_matrix(), V)
add(
    "RigidTransform.from_rotation",
    lambda xp, q: RigidTransform.from_rotation(Rotation.from_quat(q)).as_dual_quat(),
    Q,
)
