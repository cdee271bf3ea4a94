#include "callbacks.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

namespace lanewise::c {

namespace {

/// Rows [row][lane] of a block as points [point][coordinate], for the lanes whose values are wanted. Memory
/// is kept from call to call.
struct Points {
    std::size_t dimension;
    std::size_t row_lanes = 0;
    std::vector<std::uint32_t> lanes{};
    std::vector<double> x{}, f{}, g{};

    explicit Points(std::size_t d) : dimension(d) {}

    void gather(const double* rows) {
        x.resize(lanes.size() * dimension);
        f.resize(lanes.size());
        double* const to = x.data();
        each([=, d = dimension, width = row_lanes](std::size_t i, std::size_t j, std::size_t lane) {
            to[i * d + j] = rows[j * width + lane];
        });
    }
    void scatter_values(double* row) const {
        for (std::size_t i = 0; i < lanes.size(); ++i) row[lanes[i]] = f[i];
    }
    void scatter_gradients(double* rows) const {
        const double* const from = g.data();
        each([=, d = dimension, width = row_lanes](std::size_t i, std::size_t j, std::size_t lane) {
            rows[j * width + lane] = from[i * d + j];
        });
    }

  private:
    /// Calls copy(point, coordinate, lane): points in groups that stay near, without a look at their lanes
    /// where these follow one another.
    template <class Copy>
    void each(Copy copy) const {
        constexpr std::size_t group = 8;
        const std::size_t count = lanes.size();
        const bool is_dense = count > 0 && lanes.back() - lanes.front() == count - 1;
        for (std::size_t i = 0; i < count; i += group) {
            const std::size_t last = std::min(i + group, count);
            for (std::size_t j = 0; j < dimension; ++j) {
                if (is_dense) {
                    const std::size_t first_lane = lanes.front();
                    for (std::size_t at = i; at < last; ++at) copy(at, j, first_lane + at);
                } else {
                    for (std::size_t at = i; at < last; ++at) copy(at, j, lanes[at]);
                }
            }
        }
    }
};

/// The lanes whose values are wanted.
std::span<const std::uint32_t> wanted_of(const Block<double>& block, std::vector<std::uint32_t>& all) {
    if (!block.wanted.empty()) return block.wanted;
    all.resize(block.lanes);
    std::iota(all.begin(), all.end(), 0U);
    return all;
}

/// The runs that wanted lanes belong to; null where none are told.
const std::uint32_t* ids_of(const Block<double>& block, std::span<const std::uint32_t> wanted,
                            std::vector<std::uint32_t>& ids) {
    if (block.ids().empty()) return nullptr;
    ids.clear();
    for (const std::uint32_t lane : wanted) ids.push_back(block.ids()[lane]);
    return ids.data();
}

class GradientObjective final : public Objective {
  public:
    GradientObjective(std::size_t dimension, Caller<lanewise_gradient_callback> caller)
        : caller_(caller), points_(dimension) {}

    std::size_t dimension() const noexcept override { return points_.dimension; }
    Calls calls() const noexcept override { return Calls::from_the_caller; }
    void evaluate(const Block<double>& block) const override {
        points_.row_lanes = block.lanes;
        const std::span<const std::uint32_t> wanted = wanted_of(block, all_);
        points_.lanes.assign(wanted.begin(), wanted.end());
        points_.gather(block.x_rows);
        points_.g.resize(points_.x.size());
        caller_(points_.lanes.size(), points_.x.data(), ids_of(block, wanted, ids_), points_.f.data(),
                points_.g.data());
        points_.scatter_values(block.f_row);
        points_.scatter_gradients(block.g_rows);
    }

  private:
    // The one thread that calls has these to itself.
    Caller<lanewise_gradient_callback> caller_;
    mutable Points points_;
    mutable std::vector<std::uint32_t> ids_, all_;
};

class ValueObjective final : public Objective {
  public:
    ValueObjective(const Box& box, Caller<lanewise_value_callback> caller, const DifferenceOptions& options)
        : caller_(caller),
          points_(box.dimension()),
          differences_(
              box, [this](Rows<const double> x, std::span<double> f) { evaluate_rows(x, f); }, options) {}

    std::size_t dimension() const noexcept override { return points_.dimension; }
    std::size_t scratch_rows() const noexcept override { return differences_.scratch_rows(); }
    Calls calls() const noexcept override { return Calls::from_the_caller; }
    void evaluate(const Block<double>& block) const override {
        block_ = &block;
        wanted_ = wanted_of(block, all_);
        differences_.evaluate(block);
    }

  private:
    /// The points of the block, or of a block of twice as many lanes that holds each shifted two ways.
    void evaluate_rows(Rows<const double> x, std::span<double> f) const {
        points_.row_lanes = x.lanes();
        points_.lanes.clear();
        for (std::size_t shift = 0; shift < x.lanes(); shift += block_->lanes) {
            for (const std::uint32_t lane : wanted_)
                points_.lanes.push_back(static_cast<std::uint32_t>(shift) + lane);
        }
        points_.gather(x[0].data());
        const std::uint32_t* ids = ids_of(*block_, wanted_, ids_);
        if (ids != nullptr && x.lanes() > block_->lanes) {
            const std::size_t count = ids_.size();
            ids_.resize(2 * count);
            std::copy_n(ids_.begin(), count, ids_.begin() + static_cast<std::ptrdiff_t>(count));
            ids = ids_.data();
        }
        caller_(points_.lanes.size(), points_.x.data(), ids, points_.f.data());
        points_.scatter_values(f.data());
    }

    Caller<lanewise_value_callback> caller_;
    mutable Points points_;
    mutable std::vector<std::uint32_t> ids_, all_;
    mutable const Block<double>* block_ = nullptr;
    mutable std::span<const std::uint32_t> wanted_;
    CentralDifferences differences_;
};

}  // namespace

std::unique_ptr<const Objective> gradient_objective(const Box& box,
                                                    Caller<lanewise_gradient_callback> caller) {
    return std::make_unique<GradientObjective>(box.dimension(), caller);
}

std::unique_ptr<const Objective> value_objective(const Box& box, Caller<lanewise_value_callback> caller,
                                                 double step) {
    DifferenceOptions options{.calls = Calls::from_the_caller};
    if (step != 0) options.step = step;
    return std::make_unique<ValueObjective>(box, caller, options);
}

}  // namespace lanewise::c
