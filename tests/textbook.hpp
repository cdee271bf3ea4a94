// The slow, obvious reference: Adam as Kingma & Ba print it, one run, one variable at a time.
#pragma once

#include <cmath>
#include <cstddef>
#include <functional>
#include <vector>

#include "lanewise/options.hpp"

namespace lanewise::test {

using Point = std::vector<double>;

/// Value at x; writes the gradient.
using ScalarObjective = std::function<double(const Point& x, Point& g)>;

/// The points after iterations 0, 1, ... with a constant step size in raw units and no walls.
inline std::vector<Point> textbook_path(const ScalarObjective& objective, Point x, const Adam& rule,
                                        std::size_t iterations) {
    Point g(x.size());
    Point m(x.size(), 0.0);
    Point v(x.size(), 0.0);
    std::vector<Point> path;
    for (std::size_t t = 1; t <= iterations; ++t) {
        objective(x, g);
        for (std::size_t j = 0; j < x.size(); ++j) {
            m[j] = rule.beta1 * m[j] + (1 - rule.beta1) * g[j];
            v[j] = rule.beta2 * v[j] + (1 - rule.beta2) * (g[j] * g[j]);
            const double m_hat = m[j] / (1 - std::pow(rule.beta1, static_cast<double>(t)));
            const double v_hat = v[j] / (1 - std::pow(rule.beta2, static_cast<double>(t)));
            x[j] -= rule.alpha * m_hat / (std::sqrt(v_hat) + rule.eps);
        }
        path.push_back(x);
    }
    return path;
}

}  // namespace lanewise::test
