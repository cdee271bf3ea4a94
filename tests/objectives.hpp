// Objectives written lane by lane from scalar code.
#pragma once

#include <utility>

#include "lanewise/objective.hpp"
#include "textbook.hpp"

namespace lanewise::test {

/// Any scalar objective as a block objective.
class LaneByLane final : public Objective {
  public:
    LaneByLane(std::size_t dimension, ScalarObjective objective)
        : dimension_(dimension), objective_(std::move(objective)) {}

    std::size_t dimension() const noexcept override { return dimension_; }
    bool has_f32() const noexcept override { return true; }
    void evaluate(const Block<double>& block) const noexcept override { evaluate_lanes(block); }
    void evaluate_f32(const Block<float>& block) const noexcept override { evaluate_lanes(block); }

  private:
    template <class T>
    void evaluate_lanes(const Block<T>& block) const {
        Point x(dimension_);
        Point g(dimension_);
        for (std::size_t lane = 0; lane < block.lanes; ++lane) {
            for (std::size_t j = 0; j < dimension_; ++j) x[j] = static_cast<double>(block.x(j)[lane]);
            block.f()[lane] = static_cast<T>(objective_(x, g));
            for (std::size_t j = 0; j < dimension_; ++j) block.g(j)[lane] = static_cast<T>(g[j]);
        }
    }

    std::size_t dimension_;
    ScalarObjective objective_;
};

inline double sphere(const Point& x, Point& g) {
    double f = 0;
    for (std::size_t j = 0; j < x.size(); ++j) {
        f += x[j] * x[j];
        g[j] = 2 * x[j];
    }
    return f;
}

inline double rosenbrock(const Point& x, Point& g) {
    double f = 0;
    std::fill(g.begin(), g.end(), 0.0);
    for (std::size_t j = 0; j + 1 < x.size(); ++j) {
        const double bend = x[j + 1] - x[j] * x[j];
        const double rest = 1 - x[j];
        f += 100 * bend * bend + rest * rest;
        g[j] += -400 * bend * x[j] - 2 * rest;
        g[j + 1] += 200 * bend;
    }
    return f;
}

inline double styblinski_tang(const Point& x, Point& g) {
    double f = 0;
    for (std::size_t j = 0; j < x.size(); ++j) {
        const double square = x[j] * x[j];
        f += (square * square - 16 * square + 5 * x[j]) / 2;
        g[j] = (4 * square * x[j] - 32 * x[j] + 5) / 2;
    }
    return f;
}

}  // namespace lanewise::test
