#include "gradient_sampling.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

#include "inside.hpp"
#include "power_of_two.hpp"
#include "random.hpp"

namespace lanewise {

namespace {

// How far around points are sampled, in box widths: at first, at most, and where the search for a lower point
// ends.
constexpr double first_radius = 1e-3;
constexpr double largest_radius = 1e-2;
constexpr double least_radius = 1e-13;
constexpr double smaller = 0.25;  // where nothing is lower
constexpr double shorter = 0.5;   // where a step is short
constexpr double larger = 2;

/// So often the way between two points, of which one has a value, is halved to find the edge.
constexpr std::size_t halvings = 16;
/// Steps along a direction, in radii.
constexpr std::array lengths = {32.0, 8.0, 2.0, 0.5, 0.125};
/// A step along an edge goes inward too, by these parts of its length.
constexpr std::array inward = {0.0, 1e-3, 1e-2, 0.1, 0.5};

constexpr std::uint64_t seed = 0x9E3779B97F4A7C15U;

std::size_t samples(std::size_t dimension) {
    return std::max<std::size_t>(2 * dimension, kernels::lane_group);
}

/// The shortest vector of the convex hull of some, by the method of Frank & Wolfe with steps away from
/// vectors (Guelat & Marcotte 1986).
Eigen::VectorXd shortest_of_hull(const Eigen::MatrixXd& vectors) {
    constexpr int most_steps = 500;
    constexpr double precision = 1e-10;
    const Eigen::MatrixXd products = vectors.transpose() * vectors;
    const Eigen::Index count = vectors.cols();
    Eigen::VectorXd weights = Eigen::VectorXd::Zero(count);
    Eigen::Index first = 0;
    products.diagonal().minCoeff(&first);
    weights(first) = 1;
    Eigen::VectorXd along = products.col(first);  // of each vector, along the sum
    for (int step = 0; step < most_steps; ++step) {
        const double square = weights.dot(along);
        Eigen::Index to = 0;
        Eigen::Index from = 0;
        along.minCoeff(&to);
        double largest = -std::numeric_limits<double>::infinity();
        for (Eigen::Index i = 0; i < count; ++i) {
            if (weights(i) > 0 && along(i) > largest) {
                largest = along(i);
                from = i;
            }
        }
        if (!(largest - along(to) > precision * square)) break;
        // From one vector to the other.
        const double curvature = products(to, to) - 2 * products(to, from) + products(from, from);
        if (!(curvature > 0)) break;
        const double length = std::min((along(from) - along(to)) / curvature, weights(from));
        weights(to) += length;
        weights(from) -= length;
        along += length * (products.col(to) - products.col(from));
    }
    return vectors * weights;
}

}  // namespace

GradientSampling::GradientSampling(const Setup& setup, Halt& halt)
    : setup_(&setup),
      halt_(&halt),
      widths_(setup.box->dimension()),
      unit_(setup.box->dimension()),
      around_(setup, halt),
      ahead_(setup, halt),
      edge_(setup, halt) {}

void GradientSampling::refine(SecondOrderPoint& point) {
    double radius = first_radius;
    const std::uint64_t of_round =
        1 + samples(unit_.size()) * (1 + halvings) + lengths.size() * (2 + inward.size());
    for (std::uint64_t round = 0; radius > least_radius; ++round) {
        if (point.evaluations < of_round || halt_->requested()) {
            point.end = SecondOrderPoint::End::out_of_work;
            return;
        }
        edge_.clear();
        for (std::size_t j = 0; j < widths_.size(); ++j) widths_[j] = setup_->box->width_at(j, point.x[j]);
        sample(point, radius, round);
        const double length = step(point, radius);
        point.evaluations -= around_.count() + ahead_.count() + halvings * edge_.count();
        if (length < 1) radius *= length > 0 ? shorter : smaller;
        if (length >= 1) radius = std::min(radius * larger, largest_radius);
    }
    point.end = SecondOrderPoint::End::minimum;
}

/// The point itself comes first.
void GradientSampling::sample(const SecondOrderPoint& point, double radius, std::uint64_t round) {
    const Box& box = *setup_->box;
    around_.clear();
    around_.add(point.x);
    const std::size_t count = samples(unit_.size());
    for (std::size_t i = 0; i < count; ++i) {
        UniformPoints(seed).point(round * count + i, unit_);
        const std::span<double> x = around_.add(point.x);
        for (std::size_t j = 0; j < x.size(); ++j)
            x[j] = inside(x[j] + radius * widths_[j] * (2 * unit_[j] - 1), box.lower()[j], box.upper()[j]);
    }
    around_.evaluate();
}

/// The direction in which values end, of length 1 in box widths; 0 where they do not. Points of the edge are
/// found between sampled points with and without a value. The direction in which these points vary least is
/// the one across the edge.
std::vector<double> GradientSampling::out_of_values() {
    const std::size_t d = unit_.size();
    std::vector<std::size_t> inside;
    std::vector<std::size_t> outside;
    for (std::size_t trial = 1; trial < around_.count(); ++trial)
        (std::isfinite(around_.f(trial)) ? inside : outside).push_back(trial);
    std::vector<double> out(d, 0);
    if (inside.empty() || outside.empty()) return out;
    const std::size_t count = std::max(inside.size(), outside.size());
    std::vector<std::vector<double>> with;
    std::vector<std::vector<double>> without;
    for (std::size_t i = 0; i < count; ++i) {
        const auto x = around_.x(inside[i % inside.size()]);
        const auto y = around_.x(outside[i % outside.size()]);
        with.emplace_back(x.begin(), x.end());
        without.emplace_back(y.begin(), y.end());
    }
    for (std::size_t halving = 0; halving < halvings; ++halving) {
        edge_.clear();
        for (std::size_t i = 0; i < count; ++i) {
            const std::span<double> x = edge_.add(with[i]);
            for (std::size_t j = 0; j < d; ++j) x[j] += (without[i][j] - x[j]) / 2;
        }
        edge_.evaluate();
        for (std::size_t i = 0; i < count; ++i) {
            const auto x = edge_.x(i);
            (std::isfinite(edge_.f(i)) ? with : without)[i].assign(x.begin(), x.end());
        }
    }
    // In a variable that is fixed the edge has no extent, and must not be taken for thin.
    std::vector<std::size_t> moving;
    for (std::size_t j = 0; j < d; ++j) {
        if (widths_[j] != 0) moving.push_back(j);
    }
    const auto n = static_cast<Eigen::Index>(moving.size());
    Eigen::MatrixXd edge(n, static_cast<Eigen::Index>(count));
    Eigen::VectorXd outward = Eigen::VectorXd::Zero(n);
    for (Eigen::Index i = 0; i < edge.cols(); ++i) {
        const auto of = static_cast<std::size_t>(i);
        for (Eigen::Index k = 0; k < n; ++k) {
            const std::size_t j = moving[static_cast<std::size_t>(k)];
            edge(k, i) = (with[of][j] - around_.x(0)[j]) / widths_[j];
            outward(k) += (around_.x(outside[of % outside.size()])[j] - with[of][j]) / widths_[j];
        }
    }
    if (n == 0) return out;
    const double scale = edge.cwiseAbs().maxCoeff();
    if (!(scale > 0)) return out;
    edge /= power_of_two(scale);
    edge.colwise() -= edge.rowwise().mean().eval();
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(edge * edge.transpose());
    if (solver.info() != Eigen::Success) return out;
    const Eigen::VectorXd normal = solver.eigenvectors().col(0);
    const double sign = normal.dot(outward) < 0 ? -1 : 1;
    for (Eigen::Index k = 0; k < n; ++k) out[moving[static_cast<std::size_t>(k)]] = sign * normal(k);
    return out;
}

/// The directions to look in, each in box widths, of length 1 in the variable that moves most.
std::vector<std::vector<double>> GradientSampling::directions(const SecondOrderPoint& point) {
    const std::size_t d = unit_.size();
    double largest = 0;
    std::vector<std::size_t> with_values;
    for (std::size_t trial = 0; trial < around_.count(); ++trial) {
        if (!std::isfinite(around_.f(trial))) continue;
        with_values.push_back(trial);
        for (std::size_t j = 0; j < d; ++j)
            largest = std::max(largest, std::abs(around_.g(trial)[j] * widths_[j]));
    }
    if (with_values.empty() || !(largest > 0)) return {};
    const double scale = power_of_two(largest);
    const Box& box = *setup_->box;
    Eigen::MatrixXd gradients(static_cast<Eigen::Index>(d), static_cast<Eigen::Index>(with_values.size()));
    for (Eigen::Index i = 0; i < gradients.cols(); ++i) {
        for (std::size_t j = 0; j < d; ++j) {
            const double g = around_.g(with_values[static_cast<std::size_t>(i)])[j];
            const bool held =
                (point.x[j] == box.lower()[j] && g > 0) || (point.x[j] == box.upper()[j] && g < 0);
            gradients(static_cast<Eigen::Index>(j), i) = held ? 0 : g * widths_[j] / scale;
        }
    }
    std::vector<std::vector<double>> all;
    const auto add = [&](std::vector<double> direction) {
        double longest = 0;
        for (const double component : direction) longest = std::max(longest, std::abs(component));
        if (!(longest > 0)) return;
        for (double& component : direction) component /= longest;
        all.push_back(std::move(direction));
    };
    const auto down = [&](const Eigen::VectorXd& gradient) {
        std::vector<double> direction(d);
        for (std::size_t j = 0; j < d; ++j) direction[j] = -gradient(static_cast<Eigen::Index>(j));
        return direction;
    };
    const std::vector<double> along = down(shortest_of_hull(gradients));
    add(along);
    add(down(gradients.col(0)));
    const std::vector<double> out = out_of_values();
    double outward = 0;
    double longest = 0;
    for (std::size_t j = 0; j < d; ++j) {
        outward += along[j] * out[j];
        longest = std::max(longest, std::abs(along[j]));
    }
    if (!(outward > 0)) return all;
    for (const double share : inward) {
        std::vector<double> turned = along;
        for (std::size_t j = 0; j < d; ++j) turned[j] -= (outward + share * longest) * out[j];
        add(std::move(turned));
    }
    return all;
}

/// To the lowest of what was sampled and what lies ahead. Returns the length of the step in radii, 0 where
/// nothing is lower.
double GradientSampling::step(SecondOrderPoint& point, double radius) {
    const Box& box = *setup_->box;
    ahead_.clear();
    for (const std::vector<double>& direction : directions(point)) {
        for (const double length : lengths) {
            const std::span<double> x = ahead_.add(point.x);
            for (std::size_t j = 0; j < x.size(); ++j)
                x[j] = inside(x[j] + length * radius * direction[j] * widths_[j], box.lower()[j],
                              box.upper()[j]);
        }
    }
    if (ahead_.count() > 0) {
        ahead_.evaluate();
        const std::size_t lowest = ahead_.lowest(0, ahead_.count());
        const std::size_t of_around = around_.lowest(0, around_.count());
        if (ahead_.f(lowest) < std::min(point.f, around_.f(of_around))) {
            point.f = ahead_.f(lowest);
            point.x.assign(ahead_.x(lowest).begin(), ahead_.x(lowest).end());
            return lengths[lowest % lengths.size()];
        }
    }
    const std::size_t lowest = around_.lowest(0, around_.count());
    if (around_.f(lowest) < point.f) {
        point.f = around_.f(lowest);
        point.x.assign(around_.x(lowest).begin(), around_.x(lowest).end());
        return 0.5;
    }
    return 0;
}

}  // namespace lanewise
