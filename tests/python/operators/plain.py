"""Routing and experts in plain PyTorch, from the formulas of docs/definitions.md: what python/hopscope_ops.py is held against.
Gathers the chosen rows, so it is slow and large, and is differentiable as often as one likes."""
import torch
from torch.nn import functional


def route(h, centroids, tau, k, proj=None, renormalise=True, score_bias=None):
    """Indices and weights [T, k], mean of the softmax [M] [cosine_routing]; no ties."""
    pos = functional.normalize(h if proj is None else h @ proj.T, dim=-1, eps=1e-8)
    scores = tau * pos @ functional.normalize(centroids, dim=-1, eps=1e-8).T
    p = torch.softmax(scores if score_bias is None else scores + score_bias, -1)
    weight, idx = p.topk(k, dim=-1)
    return idx, weight / weight.sum(-1, keepdim=True) if renormalise else weight, p.mean(0)


def experts(h, idx, weight, down=None, up=None, gate=None, value=None, composition="sum"):
    """[T, d] [experts_mlp] [experts_swiglu] [experts_static] [composition]."""
    if value is not None:
        made = value[idx]
    else:
        read = torch.einsum("td,tkrd->tkr", h, down[idx])
        if gate is None:
            act = functional.silu(read)
        else:
            act = functional.silu(torch.einsum("td,tkrd->tkr", h, gate[idx])) * read
        made = torch.einsum("tkr,tkrd->tkd", act, up[idx])
    u = weight[..., None] * made
    if composition == "sum":
        return u.sum(1)
    if composition == "cross_gated":
        return (u * torch.sigmoid(u.sum(1, keepdim=True) - u)).sum(1)
    g = u.unflatten(1, (4, -1)).sum(2)
    if composition == "grouped_silu":
        return functional.silu(g).sum(1)
    return g[:, 0] * torch.sigmoid(g[:, 1]) + g[:, 2] * torch.sigmoid(g[:, 3])


def layer(module, x):
    """What a hopscope_ops.RoutedLayer does, and the mean softmax of each hop [multi_hop]."""
    router, bank = module.router, dict(module.experts.named_parameters())
    proj = router.proj.weight if hasattr(router, "proj") else None
    rows, total, means = x.reshape(-1, x.shape[-1]), 0, []
    for _ in range(module.hops):
        h = rows + total
        idx, weight, mean_p = route(h, router.centroids, router.tau, module.k, proj, module.renormalise)
        total = total + experts(h, idx, weight, composition=module.composition, **bank)
        counts = torch.bincount(idx.reshape(-1), minlength=len(mean_p)) / idx.numel()
        means.append(len(mean_p) * (counts * mean_p).sum())
    return total.reshape(x.shape), torch.stack(means).mean()
