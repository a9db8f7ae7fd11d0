"""The literature that the derivations lean on. Lemmas cite it by key."""

REFERENCES = {
    "Ali": "A. Ali, J. Z. Kolter, R. J. Tibshirani, A continuous-time view of early stopping for "
    "least squares, AISTATS 2019.",
    "BaiSilverstein": "Z. D. Bai, J. W. Silverstein, CLT for linear spectral statistics of "
    "large-dimensional sample covariance matrices, Ann. Probab. 32 (2004) 553.",
    "Bloemendal": "A. Bloemendal, B. Virag, Limits of spiked random matrices II, Ann. Probab. 44 "
    "(2016) 2726.",
    "Dobriban": "E. Dobriban, S. Wager, High-dimensional asymptotics of prediction: ridge "
    "regression and classification, Ann. Statist. 46 (2018) 247.",
    "Graczyk": "P. Graczyk, G. Letac, H. Massam, The complex Wishart distribution and the "
    "symmetric group, Ann. Statist. 31 (2003) 287.",
    "Hachem": "W. Hachem, P. Loubaton, J. Najim, Deterministic equivalents for certain functionals "
    "of large random matrices, Ann. Appl. Probab. 17 (2007) 875.",
    "Hastie": "T. Hastie, A. Montanari, S. Rosset, R. J. Tibshirani, Surprises in high-dimensional "
    "ridgeless least squares interpolation, Ann. Statist. 50 (2022) 949.",
    "Isserlis": "L. Isserlis, On a formula for the product-moment coefficient of any order of a "
    "normal frequency distribution in any number of variables, Biometrika 12 (1918) 134.",
    "Klug": "T. Klug, R. Heckel, Scaling laws for deep learning based image reconstruction, ICLR "
    "2023, arXiv 2209.13435.",
    "Knowles": "A. Knowles, J. Yin, Anisotropic local laws for random matrices, Probab. Theory "
    "Related Fields 169 (2017) 257.",
    "LedoitPeche": "O. Ledoit, S. Peche, Eigenvectors of some large sample covariance matrix "
    "ensembles, Probab. Theory Related Fields 151 (2011) 233.",
    "Muirhead": "R. J. Muirhead, Aspects of Multivariate Statistical Theory, Wiley 1982.",
    "Nesterov": "Y. Nesterov, A method of solving a convex programming problem with convergence "
    "rate O(1/k^2), Soviet Math. Dokl. 27 (1983) 372.",
    "Polyak": "B. T. Polyak, Some methods of speeding up the convergence of iteration methods, "
    "USSR Comput. Math. Math. Phys. 4 (1964) 1.",
    "Silverstein": "J. W. Silverstein, Strong convergence of the empirical distribution of "
    "eigenvalues of large dimensional random matrices, J. Multivariate Anal. 55 (1995) 331.",
    "SilversteinChoi": "J. W. Silverstein, S. Choi, Analysis of the limiting spectral distribution "
    "of large dimensional random matrices, J. Multivariate Anal. 54 (1995) 295.",
    "Su": "W. Su, S. Boyd, E. J. Candes, A differential equation for modeling Nesterov's "
    "accelerated gradient method, J. Mach. Learn. Res. 17 (2016) 153.",
    "TracyWidom": "C. A. Tracy, H. Widom, On orthogonal and symplectic matrix ensembles, Commun. "
    "Math. Phys. 177 (1996) 727.",
}
