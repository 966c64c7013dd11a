"""Every layer's formula in float64 NumPy, of one network: what goru's text is tested against."""

import math

import numpy as np

from goru.nn.layers.activation import Activation
from goru.nn.layers.affine import Affine, Weights
from goru.nn.layers.augmentation import CutMix, Cutout, InputDropout, Mixup
from goru.nn.layers.batch_norm import BatchNorm
from goru.nn.layers.dropout import Dropout
from goru.nn.layers.group_norm import GroupNorm
from goru.nn.layers.layer_norm import LayerNorm
from goru.nn.layers.residual import Residual
from goru.nn.layers.rms_norm import RMSNorm
from goru.nn.layers.scaled_affine import ScaledAffine
from goru.nn.layers.scaling import Scaling

ACTIVATIONS = {
    "identity": lambda x: x,
    "relu": lambda x: x if x > 0 else 0.0,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "tanh": lambda x: (math.exp(x) - math.exp(-x)) / (math.exp(x) + math.exp(-x)),
    "gelu": lambda x: x * 0.5 * (1 + math.erf(x / math.sqrt(2))),
    "silu": lambda x: x / (1 + math.exp(-x)),
    "mish": lambda x: x * math.tanh(math.log1p(math.exp(x))),
    "selu": lambda x: 1.0507009873554805 * (x if x > 0 else 1.6732632423543772 * (math.exp(x) - 1)),
}


def lowbias32(x):
    """Wellons 2018, in Python's own integers."""
    x = ((x ^ (x >> 16)) * 0x7FEB352D) % 2**32
    x = ((x ^ (x >> 15)) * 0x846CA68B) % 2**32
    return x ^ (x >> 16)


def mask(network, step, layer, units, rows, rate):
    """Which units dropout keeps, `(units, rows)`, integer for integer."""
    key = 0x9E3779B9
    for coordinate in (network, step, layer):
        key = (lowbias32(key ^ int(coordinate)) + 0x9E3779B9) % 2**32
    hashes = [
        [lowbias32(((row * units + unit) * 0x9E3779B9 + key) % 2**32) for row in range(rows)] for unit in range(units)
    ]
    return np.array(hashes) / 2**32 >= rate


def key_of(*coordinates):
    """What all hashes of a step are mixed with."""
    key = 0x9E3779B9
    for coordinate in coordinates:
        key = (lowbias32(key ^ int(coordinate)) + 0x9E3779B9) % 2**32
    return key


def uniform(key, number):
    """The first (1), second, ... uniform number of a key; of its 23 highest bits."""
    return ((lowbias32((number * 0x9E3779B9 + key) % 2**32) >> 9) + 0.5) / 2**23


def mix_share(u, v, alpha):
    """Beta(α, α) by Student's t with 2α degrees of freedom (Bailey 1994)."""
    t = math.sqrt(2 * alpha * (u ** (-1 / alpha) - 1)) * math.cos(2 * math.pi * v)
    return 0.5 + 0.5 * t / math.sqrt(2 * alpha + t * t)


def of_augmentation(layer, x, context):
    """Rows that are changed in training."""
    hyper, network, step, (units, rows) = context.hyper, context.networks, context.step, x.shape
    before = np.column_stack([x[:, row - 1] for row in range(rows)])
    match layer:
        case Mixup():
            key = key_of(network, step, 0xA1)
            share = mix_share(uniform(key, 1), uniform(key, 2), hyper.mixup_alpha)
            return share * x + (1 - share) * before
        case CutMix():
            key = key_of(network, step, 0xA2)
            lost = 1 - uniform(key, 2) if uniform(key, 1) < hyper.cutmix_rate else 0
            own = mask(key, step, 0xA2, units, 1, lost)
            return np.where(own, x, before)
        case Cutout():
            key = key_of(network, step, 0xA3)
            whole = mask(network, step, 0xA3, 1, rows, 0.5)
            return np.where(whole | mask(key, step, 0xA3, units, rows, hyper.cutout_rate), x, 0)
        case InputDropout():
            kept = x * mask(network, step, 0xA0, units, rows, hyper.input_dropout_rate)
            return kept / (1 - hyper.input_dropout_rate)


def output(layer, learned, x, context, statistics=None):
    """What a layer puts out: in training, or at inference where it is given statistics (`()` in most layers)."""
    hyper, training = context.hyper, statistics is None
    match layer:
        case Affine():
            products = sum(np.outer(learned.weight[:, i], x[i]) for i in range(layer.inputs))
            return products if learned.bias is None else products + learned.bias[:, None]
        case ScaledAffine():
            scaled = (x.T * (1 + layer.factor * learned.stretch)).T
            return output(layer.affine, Weights(learned.weight, learned.bias), scaled, context, statistics)
        case Activation(name=name):
            return np.vectorize(ACTIVATIONS[name], otypes=[float])(x)
        case BatchNorm():
            mean, variance = (x.mean(axis=1), x.var(axis=1)) if training else statistics
            root = np.sqrt(variance + hyper.batch_norm_epsilon)
            return (learned.scale * (x.T - mean) / root + learned.shift).T
        case LayerNorm():
            rows = [(row - row.mean()) / np.sqrt(row.var() + layer.epsilon) for row in x.T]
            return np.transpose([learned.scale * row + learned.shift for row in rows])
        case GroupNorm():
            groups = x.T.reshape(x.shape[1], layer.groups, -1)
            rows = [[(g - g.mean()) / np.sqrt(g.var() + layer.epsilon) for g in row] for row in groups]
            return np.transpose([learned.scale * np.concatenate(row) + learned.shift for row in rows])
        case RMSNorm():
            return np.transpose([learned.scale * row / np.sqrt(np.mean(row**2) + layer.epsilon) for row in x.T])
        case Scaling():
            return np.transpose([learned.scale * row + learned.shift for row in x.T])
        case Mixup() | CutMix() | Cutout() | InputDropout():
            return of_augmentation(layer, x, context) if training and context.networks is not None else x
        case Dropout() if not training or context.networks is None:
            return x * (1 - hyper.dropout_rate) if layer.form == "classic" else x
        case Dropout():
            kept = x * mask(context.networks, context.step, layer.index, *x.shape, hyper.dropout_rate)
            return kept / (1 - hyper.dropout_rate) if layer.form == "inverted" else kept
        case Residual(layers=layers):
            return x + activations(layers, learned, x, context, statistics)[-1]
    raise TypeError(layer)


def activations(layers, learned, x, context, statistics=None):
    """What a network is given, and what each of its layers puts out."""
    found = [np.asarray(x, np.float64)]
    for index, layer in enumerate(layers):
        of_layer = None if statistics is None else statistics[index]
        found.append(output(layer, learned[index], found[-1], context, of_layer))
    return found
