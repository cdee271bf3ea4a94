// The slow, obvious reference: every rule as its paper or torch.optim has it, one run, one variable at a
// time.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <functional>
#include <vector>

#include "kernels/methods.hpp"
#include "lanewise/box.hpp"
#include "lanewise/options.hpp"

namespace lanewise::test {

using Point = std::vector<double>;

/// Value at x; writes the gradient.
using ScalarObjective = std::function<double(const Point& x, Point& g)>;

inline constexpr std::array all_methods = {
#define LANEWISE_NAME(name, ...) Method::name,
    LANEWISE_METHODS(LANEWISE_NAME)
#undef LANEWISE_NAME
};

/// A step of the others grows with the slope, and takes it in units of the scale.
inline bool is_normalised(Method method) {
    return method != Method::gradient_descent && method != Method::momentum;
}

/// What a rule keeps of one variable.
struct Memory {
    double m = 0, v = 0, z = 0, u = 0;
    double largest_g = 0;
    double mu_product = 1;
};

/// What to subtract from x in step t = 1, 2, ... where its slope is g.
inline double textbook_step(const Rule& rule, Scale scale, std::size_t t, double g, Memory& memory) {
    const auto& [method, alpha, beta1, given_beta2, given_eps] = rule;
    memory.largest_g = std::max(memory.largest_g, std::abs(g));
    const double eps = scale == Scale::box ? given_eps * memory.largest_g : given_eps;
    const double beta2 = given_beta2.value_or(method == Method::rmsprop ? 0.9 : 0.999);
    auto& [m, v, z, u, largest_g, mu_product] = memory;
    const auto power_t = [t](double beta) { return std::pow(beta, static_cast<double>(t)); };
    switch (method) {
        case Method::adam:
            m = beta1 * m + (1 - beta1) * g;
            v = beta2 * v + (1 - beta2) * (g * g);
            return alpha * (m / (1 - power_t(beta1))) / (std::sqrt(v / (1 - power_t(beta2))) + eps);
        case Method::gradient_descent: return alpha * g;
        case Method::momentum: m = beta1 * m + g; return alpha * m;
        case Method::adagrad: v = v + g * g; return alpha * g / (std::sqrt(v) + eps);
        case Method::rmsprop: v = beta2 * v + (1 - beta2) * (g * g); return alpha * g / (std::sqrt(v) + eps);
        case Method::amsgrad:
            m = beta1 * m + (1 - beta1) * g;
            v = beta2 * v + (1 - beta2) * (g * g);
            z = std::max(z, v);
            return alpha * (m / (1 - power_t(beta1))) / (std::sqrt(z / (1 - power_t(beta2))) + eps);
        case Method::adamax:
            m = beta1 * m + (1 - beta1) * g;
            u = std::max(beta2 * u, std::abs(g) + eps);
            return alpha / (1 - power_t(beta1)) * m / u;
        case Method::lbfgs: break;  // no step of one variable by itself
        case Method::nadam: {
            const auto mu = [beta1 = beta1](std::size_t i) {
                return beta1 * (1 - 0.5 * std::pow(0.96, static_cast<double>(i) * 0.004));
            };
            m = beta1 * m + (1 - beta1) * g;
            v = beta2 * v + (1 - beta2) * (g * g);
            mu_product *= mu(t);
            const double next_product = mu_product * mu(t + 1);
            const double root = std::sqrt(v / (1 - power_t(beta2))) + eps;
            return alpha * (1 - mu(t)) / (1 - mu_product) * g / root +
                   alpha * mu(t + 1) / (1 - next_product) * m / root;
        }
    }
    return NAN;
}

/// The points after iterations 0, 1, ... with a constant step size.
inline std::vector<Point> textbook_path(const ScalarObjective& objective, const Box& box, Point x,
                                        const Options& options) {
    Point g(x.size());
    std::vector<Memory> memory(x.size());
    std::vector<Point> path;
    for (std::size_t t = 1; t <= options.iterations; ++t) {
        objective(x, g);
        for (std::size_t j = 0; j < x.size(); ++j) {
            const double lower = box.lower()[j];
            const double upper = box.upper()[j];
            const double width = options.scale == Scale::box ? upper - lower : 1;
            const double slope = is_normalised(options.rule.method) ? g[j] : width * g[j];
            x[j] -= width * textbook_step(options.rule, options.scale, t, slope, memory[j]);
            if (x[j] < lower || x[j] > upper) memory[j].m = 0;
            x[j] = std::clamp(x[j], lower, upper);
        }
        path.push_back(x);
    }
    return path;
}

}  // namespace lanewise::test
