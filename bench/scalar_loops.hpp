// The textbook's loop in plain C++: one run at a time, one variable at a time.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

#include "cases.hpp"

namespace lanewise::bench {

inline double textbook_value_and_gradient(Function function, const std::vector<double>& x,
                                          std::vector<double>& g) {
    double f = 0;
    switch (function) {
        case Function::sphere:
            for (std::size_t j = 0; j < x.size(); ++j) {
                f += x[j] * x[j];
                g[j] = 2 * x[j];
            }
            break;
        case Function::rosenbrock:
            std::fill(g.begin(), g.end(), 0.0);
            for (std::size_t j = 0; j + 1 < x.size(); ++j) {
                const double bend = x[j + 1] - x[j] * x[j];
                const double rest = 1 - x[j];
                f += 100 * bend * bend + rest * rest;
                g[j] += -400 * bend * x[j] - 2 * rest;
                g[j + 1] += 200 * bend;
            }
            break;
        case Function::rastrigin:
            f = 10.0 * static_cast<double>(x.size());
            for (std::size_t j = 0; j < x.size(); ++j) {
                const double turn = 2 * std::numbers::pi * x[j];
                f += x[j] * x[j] - 10 * std::cos(turn);
                g[j] = 2 * x[j] + 20 * std::numbers::pi * std::sin(turn);
            }
            break;
        case Function::styblinski_tang:
            for (std::size_t j = 0; j < x.size(); ++j) {
                const double square = x[j] * x[j];
                f += (square * square - 16 * square + 5 * x[j]) / 2;
                g[j] = 2 * square * x[j] - 16 * x[j] + 2.5;
            }
            break;
        case Function::lennard_jones:
            std::fill(g.begin(), g.end(), 0.0);
            for (std::size_t i = 0; i < x.size(); i += 3) {
                for (std::size_t j = i + 3; j < x.size(); j += 3) {
                    double square = 0;
                    for (std::size_t c = 0; c < 3; ++c)
                        square += (x[i + c] - x[j + c]) * (x[i + c] - x[j + c]);
                    const double near3 = 1 / (square * square * square);
                    f += near3 * near3 - 2 * near3;
                    const double pull = 12 * (near3 - near3 * near3) / square;
                    for (std::size_t c = 0; c < 3; ++c) {
                        g[i + c] += pull * (x[i + c] - x[j + c]);
                        g[j + c] -= pull * (x[i + c] - x[j + c]);
                    }
                }
            }
            break;
    }
    return f;
}

/// The best point that Adam sees from this start in the problem's box.
inline std::vector<double> textbook_run(const Case& problem, std::vector<double> x, int iterations,
                                        double alpha) {
    constexpr double beta1 = 0.9;
    constexpr double beta2 = 0.999;
    constexpr double eps = 1e-8;
    std::vector<double> g(x.size());
    std::vector<double> m(x.size(), 0.0);
    std::vector<double> v(x.size(), 0.0);
    std::vector<double> best_x = x;
    double best = INFINITY;
    double power1 = 1;
    double power2 = 1;
    for (int t = 1; t <= iterations; ++t) {
        const double f = textbook_value_and_gradient(problem.function, x, g);
        if (f < best) {
            best = f;
            best_x = x;
        }
        power1 *= beta1;
        power2 *= beta2;
        for (std::size_t j = 0; j < x.size(); ++j) {
            m[j] = beta1 * m[j] + (1 - beta1) * g[j];
            v[j] = beta2 * v[j] + (1 - beta2) * g[j] * g[j];
            x[j] -= alpha * (m[j] / (1 - power1)) / (std::sqrt(v[j] / (1 - power2)) + eps);
            x[j] = std::clamp(x[j], -problem.bound, problem.bound);
        }
    }
    return best_x;
}

}  // namespace lanewise::bench
