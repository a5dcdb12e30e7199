"""The operator suite: PyTorch functions, each with inputs at a small, a ragged and a large shape.

This is also the form of any other suite (``benchmarks/accuracy.py --operators FILE.py`` and ``hawk
bench --operators FILE.py``): a Python file, importing nothing but torch, that leaves a list
``OPERATORS``. Each item is a dictionary:

``function``
    Takes tensors and returns a tensor or a tuple of tensors. Its name is the operator's name. It
    must be exportable (``torch.export``) with static shapes.
``family``
    A name that tables group by, such as ``"activation"``.
``split``
    ``"seen"``: knowledge entries may be written and tuned for the operator. ``"unseen"``: none may,
    and none may name it; it shows how what is known carries over.
``inputs``
    For each parameter of the function, in order, ``"kind[dim, dim]"``. A dim is an integer or a
    name that ``sizes`` knows. Kinds:
    ``float`` (normal), ``positive`` (uniform in 0.1 … 2), ``probability`` (uniform in 0.01 …
    0.99), ``distribution`` (positive, the last axis sums to 1), ``bool``, ``index(N)`` (int64,
    uniform in 0 … N-1), ``int`` (int32, uniform in -100 … 100), ``f32``, ``f16`` (normal, of this
    dtype whatever the case's dtype is).
``sizes``
    What the names are at each shape: ``{"small": {...}, "ragged": {...}, "large": {...}}``. Small
    is a tile or so, ragged has sizes that no tile divides, large needs many tiles.
``dtypes``
    The dtypes of cases, ``("f32", "f16")`` if absent: of inputs of the first four kinds.
``aliases``
    Further words for the operator (optional): an entry may not use these either if it is unseen.

One operator at one shape and dtype is a *case*. A file may define its own small decorator, as this
one does, or write the list out.
"""

import torch
import torch.nn.functional as F

OPERATORS = []


def operator(family, split, sizes, *, dtypes=("f32", "f16"), aliases=(), **inputs):
    """Adds the function below it to the suite."""

    def register(function):
        OPERATORS.append(
            {
                "function": function,
                "family": family,
                "split": split,
                "inputs": inputs,
                "sizes": sizes,
                "dtypes": dtypes,
                "aliases": aliases,
            }
        )
        return function

    return register


def shapes(names, small, ragged, large):
    """Sizes for the dims in ``names`` at the three shapes."""
    given = {"small": small, "ragged": ragged, "large": large}
    return {kind: dict(zip(names.split(), sizes, strict=True)) for kind, sizes in given.items()}


SEEN, UNSEEN = "seen", "unseen"

ROWS = shapes("R C", (8, 64), (37, 101), (2048, 1024))
CUBES = shapes("N R C", (2, 8, 32), (3, 11, 53), (16, 256, 512))
IMAGES = shapes("N C H W", (1, 8, 8, 8), (2, 12, 13, 11), (4, 64, 64, 64))
SIGNALS = shapes("N C L", (1, 8, 32), (2, 12, 61), (8, 128, 1024))
LOOKUPS = shapes("V C N", (32, 64, 8), (59, 37, 23), (4096, 512, 2048))
MATRICES = shapes("M N K", (32, 32, 32), (37, 53, 61), (512, 768, 1024))
BATCHES = shapes("B M N K", (2, 16, 16, 32), (3, 19, 23, 29), (16, 128, 128, 256))
HEADS = shapes("B H L D", (1, 2, 16, 16), (2, 3, 23, 20), (2, 8, 256, 64))
CONVOLUTIONS = shapes("N C H W K", (1, 8, 8, 8, 8), (2, 12, 13, 11, 20), (2, 64, 56, 56, 64))
CONVOLUTIONS_1D = shapes("N C L K", (1, 8, 32, 8), (2, 12, 61, 20), (4, 128, 1024, 128))


# --- elementwise -----------------------------------------------------------------------------


@operator("elementwise", SEEN, ROWS, x="float[R, C]", y="float[R, C]")
def add(x, y):
    return x + y


@operator("elementwise", SEEN, ROWS, x="float[R, C]", y="float[R, C]")
def subtract_scaled(x, y):
    return torch.sub(x, y, alpha=0.5)


@operator("elementwise", SEEN, CUBES, x="float[N, R, C]", y="float[N, R, C]")
def multiply(x, y):
    return x * y


@operator("elementwise", SEEN, ROWS, x="float[R, C]", y="positive[R, C]")
def divide(x, y):
    return x / y


@operator("elementwise", SEEN, ROWS, x="float[R, C]", y="float[R, C]")
def maximum(x, y):
    return torch.maximum(x, y)


@operator("elementwise", SEEN, ROWS, x="float[R, C]")
def absolute(x):
    return torch.abs(x)


@operator("elementwise", SEEN, ROWS, x="float[R, C]")
def exponential(x):
    return torch.exp(x)


@operator("elementwise", SEEN, ROWS, x="positive[R, C]")
def logarithm(x):
    return torch.log(x)


@operator("elementwise", SEEN, ROWS, x="float[R, C]")
def log1p_of_square(x):
    return torch.log1p(x * x)


@operator("elementwise", SEEN, ROWS, x="float[R, C]")
def expm1(x):
    return torch.expm1(x)


@operator("elementwise", SEEN, ROWS, x="positive[R, C]")
def reciprocal_root(x):
    return torch.rsqrt(x)


@operator("elementwise", SEEN, ROWS, x="float[R, C]")
def cube(x):
    return x**3


@operator("elementwise", SEEN, ROWS, x="positive[R, C]", y="float[R, C]")
def power(x, y):
    return torch.pow(x, y)


@operator("elementwise", SEEN, ROWS, x="float[R, C]")
def sine(x):
    return torch.sin(x)


@operator("elementwise", SEEN, ROWS, x="float[R, C]")
def clamp(x):
    return torch.clamp(x, -0.5, 1.25)


@operator("elementwise", SEEN, ROWS, x="float[R, C]")
def floor(x):
    return torch.floor(x)


@operator("elementwise", SEEN, ROWS, x="float[R, C]")
def sign(x):
    return torch.sign(x)


@operator("elementwise", SEEN, ROWS, c="bool[R, C]", x="float[R, C]", y="float[R, C]")
def where(c, x, y):
    return torch.where(c, x, y)


@operator("elementwise", UNSEEN, ROWS, aliases=("log-add-exp",), x="float[R, C]", y="float[R, C]")
def logaddexp(x, y):
    return torch.logaddexp(x, y)


@operator("elementwise", UNSEEN, ROWS, aliases=("hypotenuse",), x="float[R, C]", y="float[R, C]")
def hypot(x, y):
    return torch.sqrt(x * x + y * y)


@operator("elementwise", UNSEEN, ROWS, x="float[R, C]", y="float[R, C]", z="float[R, C]")
def addcmul(x, y, z):
    return torch.addcmul(x, y, z, value=0.7)


@operator("elementwise", UNSEEN, ROWS, x="float[R, C]", y="float[R, C]", z="positive[R, C]")
def addcdiv(x, y, z):
    return torch.addcdiv(x, y, z, value=1.5)


@operator("elementwise", UNSEEN, CUBES, x="float[N, R, C]", y="float[N, R, C]")
def squared_difference(x, y):
    return (x - y) ** 2


@operator("elementwise", UNSEEN, ROWS, x="float[R, C]", y="float[R, C]", w="probability[R, C]")
def lerp(x, y, w):
    return torch.lerp(x, y, w)


@operator("elementwise", UNSEEN, ROWS, aliases=("log-odds",), x="probability[R, C]")
def logit(x):
    return torch.log(x / (1 - x))


@operator("elementwise", UNSEEN, ROWS, x="float[R, C]", y="positive[R, C]")
def xlogy(x, y):
    return torch.xlogy(x, y)


@operator("elementwise", UNSEEN, ROWS, x="float[R, C]", y="float[R, C]")
def sum_of_sine_and_cosine(x, y):
    return torch.sin(x) + torch.cos(y)


@operator("elementwise", UNSEEN, ROWS, x="float[R, C]")
def cubic_polynomial(x):
    return ((0.25 * x - 1.5) * x + 2.0) * x - 0.75


# --- activation ------------------------------------------------------------------------------


@operator("activation", SEEN, ROWS, x="float[R, C]")
def relu(x):
    return F.relu(x)


@operator("activation", SEEN, ROWS, x="float[R, C]")
def leaky_relu(x):
    return F.leaky_relu(x, 0.1)


@operator("activation", SEEN, ROWS, x="float[R, C]")
def sigmoid(x):
    return torch.sigmoid(x)


@operator("activation", SEEN, ROWS, x="float[R, C]")
def tanh(x):
    return torch.tanh(x)


@operator("activation", SEEN, ROWS, x="float[R, C]")
def gelu(x):
    return F.gelu(x)


@operator("activation", SEEN, ROWS, x="float[R, C]")
def gelu_tanh(x):
    return F.gelu(x, approximate="tanh")


@operator("activation", SEEN, ROWS, x="float[R, C]")
def silu(x):
    return F.silu(x)


@operator("activation", SEEN, ROWS, x="float[R, C]")
def elu(x):
    return F.elu(x)


@operator("activation", SEEN, ROWS, x="float[R, C]")
def softplus(x):
    return F.softplus(x)


@operator("activation", SEEN, ROWS, x="float[R, C]", gate="float[R, C]")
def swiglu(x, gate):
    return F.silu(gate) * x


@operator("activation", SEEN, ROWS, x="float[R, C]")
def mish(x):
    return F.mish(x)


@operator("activation", UNSEEN, ROWS, x="float[R, C]")
def selu(x):
    return F.selu(x)


@operator("activation", UNSEEN, ROWS, aliases=("hard-swish",), x="float[R, C]")
def hardswish(x):
    return F.hardswish(x)


@operator("activation", UNSEEN, ROWS, aliases=("hard-sigmoid",), x="float[R, C]")
def hardsigmoid(x):
    return F.hardsigmoid(x)


@operator("activation", UNSEEN, ROWS, aliases=("hard-tanh",), x="float[R, C]")
def hardtanh(x):
    return F.hardtanh(x, -0.8, 1.2)


@operator("activation", UNSEEN, ROWS, x="float[R, C]")
def celu(x):
    return F.celu(x, alpha=1.3)


@operator("activation", UNSEEN, ROWS, aliases=("log-sigmoid",), x="float[R, C]")
def logsigmoid(x):
    return F.logsigmoid(x)


@operator("activation", UNSEEN, ROWS, x="float[R, C]")
def softsign(x):
    return F.softsign(x)


@operator("activation", UNSEEN, ROWS, aliases=("tanh-shrink",), x="float[R, C]")
def tanhshrink(x):
    return x - torch.tanh(x)


@operator("activation", UNSEEN, ROWS, aliases=("soft-shrink",), x="float[R, C]")
def softshrink(x):
    return F.softshrink(x, 0.5)


@operator("activation", UNSEEN, ROWS, aliases=("ge-glu",), x="float[R, C]", gate="float[R, C]")
def geglu(x, gate):
    return F.gelu(gate) * x


@operator("activation", UNSEEN, ROWS, aliases=("relu-squared",), x="float[R, C]")
def squared_relu(x):
    return F.relu(x) ** 2


# --- broadcast -------------------------------------------------------------------------------


@operator("broadcast", SEEN, ROWS, x="float[R, C]", b="float[C]")
def bias_add(x, b):
    return x + b


@operator("broadcast", SEEN, ROWS, x="float[R, C]", s="float[R, 1]")
def scale_rows(x, s):
    return x * s


@operator("broadcast", SEEN, ROWS, x="float[R]", y="float[C]")
def outer_product(x, y):
    return x[:, None] * y[None, :]


@operator("broadcast", SEEN, IMAGES, x="float[N, C, H, W]", s="float[C]")
def scale_channels(x, s):
    return x * s[None, :, None, None]


@operator("broadcast", UNSEEN, IMAGES, x="float[N, C, H, W]", s="float[C]", b="float[C]")
def channel_affine(x, s, b):
    return x * s[:, None, None] + b[:, None, None]


@operator("broadcast", UNSEEN, ROWS, x="float[R]", y="float[C]")
def pairwise_distance(x, y):
    return torch.abs(x[:, None] - y[None, :])


@operator("broadcast", UNSEEN, CUBES, x="float[N, R, C]", y="float[N, 1, C]", z="float[R, 1]")
def shift_and_scale(x, y, z):
    return (x + y) * z


# --- cast ------------------------------------------------------------------------------------


@operator("cast", SEEN, ROWS, dtypes=("f32",), x="float[R, C]")
def to_half(x):
    return x.to(torch.float16)


@operator("cast", SEEN, ROWS, dtypes=("f16",), x="float[R, C]")
def to_single(x):
    return x.to(torch.float32)


@operator("cast", SEEN, ROWS, x="float[R, C]")
def to_integer(x):
    return (x * 10).to(torch.int32)


@operator("cast", UNSEEN, ROWS, dtypes=("f32",), x="int[R, C]")
def from_integer(x):
    return x.to(torch.float32) * 0.125


@operator("cast", UNSEEN, ROWS, dtypes=("f32",), aliases=("fake quantize",), x="float[R, C]")
def fake_quantization(x):
    return torch.clamp(torch.round(x * 16.0), -128.0, 127.0) * 0.0625


@operator("cast", UNSEEN, ROWS, dtypes=("f32",), x="f16[R, C]", y="f32[R, C]")
def mixed_precision_add(x, y):
    return x.to(torch.float32) + y


# --- reduction -------------------------------------------------------------------------------


@operator("reduction", SEEN, ROWS, x="float[R, C]")
def sum_over_columns(x):
    return x.sum(-1)


@operator("reduction", SEEN, ROWS, x="float[R, C]")
def sum_over_rows(x):
    return x.sum(0)


@operator("reduction", SEEN, ROWS, x="float[R, C]")
def sum_of_all(x):
    return x.sum()


@operator("reduction", SEEN, ROWS, x="float[R, C]")
def mean_over_columns(x):
    return x.mean(-1, keepdim=True)


@operator("reduction", SEEN, ROWS, x="float[R, C]")
def max_over_columns(x):
    return x.amax(-1)


@operator("reduction", SEEN, CUBES, x="float[N, R, C]")
def max_over_middle(x):
    return x.amax(1)


@operator("reduction", SEEN, ROWS, x="float[R, C]")
def variance(x):
    return x.var(-1, unbiased=False)


@operator("reduction", UNSEEN, ROWS, x="float[R, C]")
def min_over_rows(x):
    return x.amin(0)


@operator("reduction", UNSEEN, CUBES, x="float[N, R, C]")
def mean_over_middle(x):
    return x.mean(1)


@operator("reduction", UNSEEN, ROWS, aliases=("l2 norm",), x="float[R, C]")
def euclidean_norm(x):
    return torch.sqrt((x * x).sum(-1))


@operator("reduction", UNSEEN, ROWS, aliases=("log-sum-exp",), x="float[R, C]")
def logsumexp(x):
    return torch.logsumexp(x, -1)


@operator("reduction", UNSEEN, ROWS, x="float[R, C]")
def absolute_maximum(x):
    return x.abs().amax(-1)


@operator("reduction", UNSEEN, IMAGES, x="float[N, C, H, W]")
def sum_over_batch_and_space(x):
    return x.sum((0, 2, 3))


# --- arg-reduction ---------------------------------------------------------------------------


@operator("arg-reduction", SEEN, ROWS, x="float[R, C]")
def argmax_over_columns(x):
    return x.argmax(-1)


@operator("arg-reduction", SEEN, ROWS, x="float[R, C]")
def argmin_over_columns(x):
    return x.argmin(-1)


@operator("arg-reduction", UNSEEN, ROWS, x="float[R, C]")
def argmax_over_rows(x):
    return x.argmax(0)


@operator("arg-reduction", UNSEEN, ROWS, x="float[R, C]")
def argmax_of_magnitude(x):
    return x.abs().argmax(-1)


# --- softmax ---------------------------------------------------------------------------------


@operator("softmax", SEEN, ROWS, x="float[R, C]")
def softmax(x):
    return torch.softmax(x, -1)


@operator("softmax", SEEN, ROWS, x="float[R, C]")
def log_softmax(x):
    return torch.log_softmax(x, -1)


@operator("softmax", UNSEEN, ROWS, x="float[R, C]")
def softmax_over_rows(x):
    return torch.softmax(x, 0)


@operator("softmax", UNSEEN, ROWS, aliases=("soft-min",), x="float[R, C]")
def softmin(x):
    return F.softmin(x, -1)


@operator("softmax", UNSEEN, CUBES, x="float[N, R, C]", m="bool[R, C]")
def masked_softmax(x, m):
    return torch.softmax(torch.where(m, x, torch.full_like(x, -10000.0)) * 0.125, -1)


# --- norm ------------------------------------------------------------------------------------


@operator("norm", SEEN, ROWS, x="float[R, C]", w="float[C]", b="float[C]")
def layer_norm(x, w, b):
    return F.layer_norm(x, x.shape[-1:], w, b)


@operator("norm", SEEN, ROWS, x="float[R, C]", w="float[C]")
def rms_norm(x, w):
    return x * torch.rsqrt((x * x).mean(-1, keepdim=True) + 1e-5) * w


@operator(
    "norm",
    SEEN,
    IMAGES,
    x="float[N, C, H, W]",
    mean="float[C]",
    var="positive[C]",
    w="float[C]",
    b="float[C]",
)
def batch_norm(x, mean, var, w, b):
    return F.batch_norm(x, mean, var, w, b)


@operator("norm", UNSEEN, IMAGES, x="float[N, C, H, W]", w="float[C]", b="float[C]")
def group_norm(x, w, b):
    return F.group_norm(x, 4, w, b)


@operator("norm", UNSEEN, IMAGES, x="float[N, C, H, W]")
def instance_norm(x):
    return F.instance_norm(x)


@operator("norm", UNSEEN, ROWS, aliases=("l2 normalize",), x="float[R, C]")
def unit_length_rows(x):
    return F.normalize(x, dim=-1)


@operator("norm", UNSEEN, ROWS, x="float[R, C]", y="float[R, C]", w="float[C]", b="float[C]")
def residual_layer_norm(x, y, w, b):
    return F.layer_norm(x + y, x.shape[-1:], w, b)


# --- scan ------------------------------------------------------------------------------------


@operator("scan", SEEN, ROWS, x="float[R, C]")
def cumulative_sum(x):
    return torch.cumsum(x, -1)


@operator("scan", SEEN, ROWS, x="float[R, C]")
def cumulative_sum_over_rows(x):
    return torch.cumsum(x, 0)


@operator("scan", UNSEEN, ROWS, x="float[R, C]")
def cumulative_mean(x):
    return torch.cumsum(x, -1) / torch.arange(1, x.shape[-1] + 1, dtype=x.dtype)


@operator("scan", UNSEEN, CUBES, x="float[N, R, C]")
def cumulative_sum_of_squares_over_middle(x):
    return torch.cumsum(x * x, 1)


# --- layout ----------------------------------------------------------------------------------


@operator("layout", SEEN, ROWS, x="float[R, C]")
def transpose(x):
    return x.t().contiguous()


@operator("layout", SEEN, CUBES, x="float[N, R, C]")
def swap_leading_axes(x):
    return x.permute(1, 0, 2).contiguous()


@operator("layout", SEEN, ROWS, x="float[R, C]", y="float[R, C]")
def concatenate_rows(x, y):
    return torch.cat([x, y], 0)


@operator("layout", SEEN, ROWS, x="float[R, C]")
def slice_columns(x):
    return x[:, 3:-5] + 0.0


@operator("layout", SEEN, ROWS, x="float[R, C]")
def pad_constant(x):
    return F.pad(x, (1, 2, 3, 4), value=0.5)


@operator("layout", UNSEEN, CUBES, x="float[N, R, C]")
def reverse_axes(x):
    return x.permute(2, 1, 0).contiguous()


@operator("layout", UNSEEN, ROWS, x="float[R, C]")
def flip_columns(x):
    return torch.flip(x, (1,))


@operator("layout", UNSEEN, ROWS, x="float[R, C]", y="float[R, C]")
def concatenate_columns(x, y):
    return torch.cat([x, y], 1)


@operator("layout", UNSEEN, ROWS, x="float[R, C]")
def every_other_row(x):
    return x[::2] * 1.0


@operator("layout", UNSEEN, ROWS, aliases=("circular shift",), x="float[R, C]")
def roll_rows(x):
    return torch.roll(x, 3, 0)


@operator("layout", UNSEEN, IMAGES, aliases=("depth to space",), x="float[N, C, H, W]")
def pixel_shuffle(x):
    return F.pixel_shuffle(x, 2).contiguous()


# --- gather ----------------------------------------------------------------------------------


@operator("gather", SEEN, LOOKUPS, table="float[V, C]", i="index(V)[N]")
def embedding(table, i):
    return F.embedding(i, table)


@operator("gather", SEEN, LOOKUPS, x="float[V, C]", i="index(V)[N]")
def select_rows(x, i):
    return torch.index_select(x, 0, i)


@operator("gather", UNSEEN, LOOKUPS, table="float[V, C]", p="float[N, C]", i="index(V)[N]")
def embedding_plus_position(table, p, i):
    return F.embedding(i, table) + p


@operator("gather", UNSEEN, LOOKUPS, x="float[N, C]", i="index(C)[N, 1]")
def pick_from_each_row(x, i):
    return torch.gather(x, 1, i)


# --- pooling ---------------------------------------------------------------------------------


@operator("pooling", SEEN, IMAGES, x="float[N, C, H, W]")
def max_pool2d(x):
    return F.max_pool2d(x, 2)


@operator("pooling", SEEN, IMAGES, x="float[N, C, H, W]")
def avg_pool2d(x):
    return F.avg_pool2d(x, 2)


@operator("pooling", UNSEEN, IMAGES, x="float[N, C, H, W]")
def overlapping_max_pool2d(x):
    return F.max_pool2d(x, 3, stride=2, padding=1)


@operator("pooling", UNSEEN, SIGNALS, aliases=("average-pool1d",), x="float[N, C, L]")
def avg_pool1d(x):
    return F.avg_pool1d(x, 4, stride=4)


@operator("pooling", UNSEEN, IMAGES, aliases=("global average pool",), x="float[N, C, H, W]")
def global_avg_pool(x):
    return F.adaptive_avg_pool2d(x, 1)


# --- loss ------------------------------------------------------------------------------------


@operator("loss", SEEN, ROWS, x="float[R, C]", y="float[R, C]")
def mse_loss(x, y):
    return F.mse_loss(x, y)


@operator("loss", SEEN, ROWS, x="float[R, C]", y="float[R, C]")
def l1_loss(x, y):
    return F.l1_loss(x, y)


@operator("loss", SEEN, ROWS, x="float[R, C]", t="distribution[R, C]")
def soft_cross_entropy(x, t):
    return -(torch.log_softmax(x, -1) * t).sum(-1).mean()


@operator("loss", UNSEEN, ROWS, x="float[R, C]", y="float[R, C]")
def huber_loss(x, y):
    return F.huber_loss(x, y)


@operator(
    "loss",
    UNSEEN,
    ROWS,
    aliases=("kl div", "kl-divergence"),
    x="float[R, C]",
    t="distribution[R, C]",
)
def kullback_leibler(x, t):
    return (t * (torch.log(t) - torch.log_softmax(x, -1))).sum(-1)


@operator("loss", UNSEEN, ROWS, aliases=("bce",), p="probability[R, C]", t="probability[R, C]")
def binary_cross_entropy(p, t):
    return -(t * torch.log(p) + (1 - t) * torch.log(1 - p)).mean()


@operator("loss", UNSEEN, ROWS, x="float[R, C]", y="float[R, C]")
def hinge_loss(x, y):
    return torch.clamp(1 - x * y, min=0).mean(-1)


@operator("loss", UNSEEN, ROWS, x="float[R, C]", y="float[R, C]")
def cosine_similarity(x, y):
    return F.cosine_similarity(x, y, dim=-1)


# --- matmul ----------------------------------------------------------------------------------


@operator("matmul", SEEN, MATRICES, a="float[M, K]", b="float[K, N]")
def matmul(a, b):
    return a @ b


@operator("matmul", SEEN, MATRICES, a="float[M, K]", b="float[N, K]")
def matmul_right_transposed(a, b):
    return a @ b.t()


@operator("matmul", SEEN, BATCHES, a="float[B, M, K]", b="float[B, K, N]")
def batched_matmul(a, b):
    return torch.bmm(a, b)


@operator(
    "matmul",
    SEEN,
    shapes("M K", (32, 64), (37, 61), (2048, 1024)),
    a="float[M, K]",
    x="float[K]",
)
def matrix_times_vector(a, x):
    return a @ x


@operator("matmul", UNSEEN, MATRICES, a="float[K, M]", b="float[K, N]")
def matmul_left_transposed(a, b):
    return a.t() @ b


@operator("matmul", UNSEEN, MATRICES, a="float[K, M]", b="float[N, K]")
def matmul_both_transposed(a, b):
    return a.t() @ b.t()


@operator("matmul", UNSEEN, BATCHES, a="float[B, M, K]", b="float[B, N, K]")
def batched_matmul_right_transposed(a, b):
    return a @ b.transpose(1, 2)


@operator(
    "matmul",
    UNSEEN,
    shapes("M N K", (4, 32, 64), (3, 41, 97), (16, 1024, 2048)),
    a="float[M, K]",
    b="float[K, N]",
)
def skinny_matmul(a, b):
    return a @ b


@operator("matmul", UNSEEN, ROWS, aliases=("rowwise dot",), x="float[R, C]", y="float[R, C]")
def dot_of_rows(x, y):
    return (x * y).sum(-1)


# --- linear ----------------------------------------------------------------------------------


@operator("linear", SEEN, MATRICES, x="float[M, K]", w="float[N, K]", b="float[N]")
def linear(x, w, b):
    return F.linear(x, w, b)


@operator("linear", SEEN, MATRICES, x="float[M, K]", w="float[N, K]", b="float[N]")
def linear_relu(x, w, b):
    return F.relu(F.linear(x, w, b))


@operator("linear", UNSEEN, MATRICES, x="float[M, K]", w="float[N, K]", b="float[N]")
def linear_gelu(x, w, b):
    return F.gelu(F.linear(x, w, b))


@operator("linear", UNSEEN, MATRICES, x="float[M, K]", w="float[N, K]", r="float[M, N]")
def linear_residual(x, w, r):
    return F.linear(x, w) + r


@operator("linear", UNSEEN, MATRICES, x="float[M, K]", w="float[N, K]", v="float[N, K]")
def gated_linear(x, w, v):
    return F.linear(x, w) * torch.sigmoid(F.linear(x, v))


# --- convolution -----------------------------------------------------------------------------


@operator("convolution", SEEN, CONVOLUTIONS, x="float[N, C, H, W]", w="float[K, C, 3, 3]")
def conv2d(x, w):
    return F.conv2d(x, w)


@operator(
    "convolution", SEEN, CONVOLUTIONS, x="float[N, C, H, W]", w="float[K, C, 3, 3]", b="float[K]"
)
def conv2d_strided_padded(x, w, b):
    return F.conv2d(x, w, b, stride=2, padding=1)


@operator("convolution", SEEN, CONVOLUTIONS_1D, x="float[N, C, L]", w="float[K, C, 5]")
def conv1d(x, w):
    return F.conv1d(x, w)


@operator(
    "convolution",
    SEEN,
    IMAGES,
    x="float[N, C, H, W]",
    w="float[C, 1, 3, 3]",
)
def depthwise_conv2d(x, w):
    return F.conv2d(x, w, padding=1, groups=x.shape[1])


@operator(
    "convolution",
    UNSEEN,
    shapes("N C D H W K", (1, 8, 4, 8, 8, 8), (2, 12, 6, 13, 11, 20), (2, 64, 32, 56, 56, 64)),
    x="float[N, C, H, W]",
    w="float[K, D, 3, 3]",
)
def grouped_conv2d(x, w):
    return F.conv2d(x, w, groups=2)


@operator("convolution", UNSEEN, CONVOLUTIONS, x="float[N, C, H, W]", w="float[K, C, 3, 3]")
def dilated_conv2d(x, w):
    return F.conv2d(x, w, dilation=2, padding=2)


@operator(
    "convolution",
    UNSEEN,
    CONVOLUTIONS,
    aliases=("pointwise convolution", "1x1 convolution"),
    x="float[N, C, H, W]",
    w="float[K, C, 1, 1]",
)
def pointwise_conv2d(x, w):
    return F.conv2d(x, w)


@operator(
    "convolution", UNSEEN, CONVOLUTIONS_1D, x="float[N, C, L]", w="float[K, C, 3]", b="float[K]"
)
def conv1d_strided_relu(x, w, b):
    return F.relu(F.conv1d(x, w, b, stride=2))


# --- attention -------------------------------------------------------------------------------


@operator(
    "attention",
    SEEN,
    HEADS,
    q="float[B, H, L, D]",
    k="float[B, H, L, D]",
    v="float[B, H, L, D]",
)
def attention(q, k, v):
    scores = q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5
    return torch.softmax(scores, -1) @ v


@operator(
    "attention",
    SEEN,
    HEADS,
    q="float[B, H, L, D]",
    k="float[B, H, L, D]",
)
def attention_scores(q, k):
    return torch.softmax(q @ k.transpose(-1, -2) * 0.125, -1)


@operator(
    "attention",
    UNSEEN,
    HEADS,
    aliases=("causal",),
    q="float[B, H, L, D]",
    k="float[B, H, L, D]",
    v="float[B, H, L, D]",
)
def causal_attention(q, k, v):
    return F.scaled_dot_product_attention(q, k, v, is_causal=True)


@operator(
    "attention",
    UNSEEN,
    HEADS,
    aliases=("shared-key attention",),
    q="float[B, H, L, D]",
    k="float[B, L, D]",
    v="float[B, L, D]",
)
def multi_query_attention(q, k, v):
    scores = q @ k[:, None].transpose(-1, -2) * 0.25
    return torch.softmax(scores, -1) @ v[:, None]
