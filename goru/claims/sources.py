"""What promises and their explanations rest on."""

from goru.claims.claim import Source

IOFFE = Source(
    "Ioffe & Szegedy 2015: Batch normalization: accelerating deep network training by reducing internal covariate "
    "shift",
    "https://arxiv.org/abs/1502.03167",
)
SANTURKAR = Source(
    "Santurkar, Tsipras, Ilyas, Mądry 2018: How does batch normalization help optimization?",
    "https://arxiv.org/abs/1805.11604",
)
GLOROT = Source(
    "Glorot & Bengio 2010: Understanding the difficulty of training deep feedforward neural networks",
    "https://proceedings.mlr.press/v9/glorot10a.html",
)
HE = Source(
    "He, Zhang, Ren, Sun 2015: Delving deep into rectifiers",
    "https://arxiv.org/abs/1502.01852",
)
KROGH = Source(
    "Krogh & Hertz 1991: A simple weight decay can improve generalization",
    "https://proceedings.neurips.cc/paper/1991/hash/8eefcfdf5990e441f0fb6f3fad709e21-Abstract.html",
)
LOSHCHILOV = Source(
    "Loshchilov & Hutter 2019: Decoupled weight decay regularization",
    "https://arxiv.org/abs/1711.05101",
)
VAN_LAARHOVEN = Source(
    "van Laarhoven 2017: L2 regularization versus batch and weight normalization",
    "https://arxiv.org/abs/1706.05350",
)
SRIVASTAVA = Source(
    "Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov 2014: Dropout: a simple way to prevent neural networks "
    "from overfitting",
    "https://jmlr.org/papers/v15/srivastava14a.html",
)
LI = Source(
    "Li, Chen, Hu, Yang 2018: Understanding the disharmony between dropout and batch normalization by variance shift",
    "https://arxiv.org/abs/1801.05134",
)
CAFFENET = Source(
    "Mishkin 2016: caffenet-benchmark, batch normalization",
    "https://github.com/ducha-aiki/caffenet-benchmark/blob/master/batchnorm.md",
)
BA = Source(
    "Ba, Kiros, Hinton 2016: Layer normalization",
    "https://arxiv.org/abs/1607.06450",
)
ZHANG_SENNRICH = Source(
    "Zhang & Sennrich 2019: Root mean square layer normalization",
    "https://arxiv.org/abs/1910.07467",
)
ZHANG = Source(
    "Zhang, Cisse, Dauphin, Lopez-Paz 2018: mixup: beyond empirical risk minimization",
    "https://arxiv.org/abs/1710.09412",
)
