import Wengert

extension CaseFunctions {
  mutating func addReductions() {
    reduction("sum", { $0.sum() }, { $0.sum(along: $1, keepingAxes: $2) })
    reduction("mean", { $0.mean() }, { $0.mean(along: $1, keepingAxes: $2) })
    reduction("prod", { $0.prod() }, { $0.prod(along: $1, keepingAxes: $2) })
    reduction("max", { $0.max() }, { $0.max(along: $1, keepingAxes: $2) })
    reduction("min", { $0.min() }, { $0.min(along: $1, keepingAxes: $2) })
    reduction("logSumExp", { logSumExp($0) }, { logSumExp($0, along: $1, keepingAxes: $2) })
    reduction("any", { $0.any() }, { $0.any(along: $1, keepingAxes: $2) })
    reduction("all", { $0.all() }, { $0.all(along: $1, keepingAxes: $2) })
    reduction("countNonzero", { $0.countNonzero() }, { $0.countNonzero(along: $1, keepingAxes: $2) })
    reduction("median", { $0.median() }, { $0.median(along: $1, keepingAxes: $2) })
    add("quantile") { x, p in
      let (fraction, axes) = (p.number("fraction")!, p.integers("axes"))
      return axes.map { x[0].quantile(fraction, along: $0) } ?? x[0].quantile(fraction)
    }
    add("variance") { x, p in
      let (correction, keeps) = (p.integer("correction") ?? 1, p.flag("keepingAxes"))
      guard let axes = p.integers("axes") else { return x[0].variance(correction: correction) }
      return x[0].variance(along: axes, correction: correction, keepingAxes: keeps)
    }
    add("standardDeviation") { x, p in
      let (correction, keeps) = (p.integer("correction") ?? 1, p.flag("keepingAxes"))
      guard let axes = p.integers("axes") else { return x[0].standardDeviation(correction: correction) }
      return x[0].standardDeviation(along: axes, correction: correction, keepingAxes: keeps)
    }
    add("norm") { x, p in
      let (order, keeps) = (p.number("order") ?? 2, p.flag("keepingAxes"))
      return p.integers("axes").map { x[0].norm(order, along: $0, keepingAxes: keeps) } ?? x[0].norm(order)
    }
    position("argmax", { $0.argmax() }, { $0.argmax(along: $1, keepingAxes: $2) })
    position("argmin", { $0.argmin() }, { $0.argmin(along: $1, keepingAxes: $2) })
    addCumulative()
    addSorting()
    add("softmax") { x, p in softmax(x[0], along: p.integer("axis")!) }
    add("logSoftmax") { x, p in logSoftmax(x[0], along: p.integer("axis")!) }
  }

  /// A function over all elements, or along some axes.
  private mutating func reduction(
    _ name: String, _ whole: @escaping (Tensor<S>) -> Tensor<S>,
    _ partial: @escaping (Tensor<S>, [Int], Bool) -> Tensor<S>
  ) {
    add(name) { x, p in
      let keeps = p.flag("keepingAxes")
      return p.integers("axes").map { partial(x[0], $0, keeps) } ?? whole(x[0])
    }
  }

  /// A function that finds a position, among all elements or along an axis.
  private mutating func position(
    _ name: String, _ whole: @escaping (Tensor<S>) -> Int,
    _ partial: @escaping (Tensor<S>, Int, Bool) -> IndexArray
  ) {
    add(name) { x, p in
      let keeps = p.flag("keepingAxes")
      return p.integer("axis").map { partial(x[0], $0, keeps).tensor() } ?? Tensor(S(whole(x[0])))
    }
  }

  private mutating func addCumulative() {
    add("cumulativeSum") { x, p in
      x[0].cumulativeSum(along: p.integer("axis")!, exclusive: p.flag("exclusive"), reversed: p.flag("reversed"))
    }
    add("cumulativeProduct") { x, p in
      x[0].cumulativeProduct(along: p.integer("axis")!, exclusive: p.flag("exclusive"), reversed: p.flag("reversed"))
    }
    add("cumulativeLogSumExp") { x, p in
      cumulativeLogSumExp(x[0], along: p.integer("axis")!, reversed: p.flag("reversed"))
    }
  }

  private mutating func addSorting() {
    add("sorted") { x, p in x[0].sorted(along: p.integer("axis")!, descending: p.flag("descending")) }
    add("sortedIndices") { x, p in
      x[0].sortedIndices(along: p.integer("axis")!, descending: p.flag("descending")).tensor()
    }
    add("topK") { x, p in
      x[0].topK(p.integer("count")!, along: p.integer("axis")!, smallest: p.flag("smallest")).values
    }
  }
}
