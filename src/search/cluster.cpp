#include "cluster.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <utility>

namespace lanewise {

namespace {

constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

/// Coordinates of the grid. Nearness is by coordinate: what is near lies in the same cell or the next in each
/// of them.
constexpr std::size_t most_grid_coordinates = 4;
using Cell = std::array<std::int64_t, most_grid_coordinates>;

std::uint64_t hash(const Cell& cell) {
    std::uint64_t hash = 0;
    for (const std::int64_t index : cell) {
        hash = (hash ^ static_cast<std::uint64_t>(index)) * 0x9E3779B97F4A7C15U;
        hash ^= hash >> 32U;
    }
    return hash;
}

/// The coordinates in which the ends vary most, in units of the box.
std::vector<std::size_t> grid_coordinates(const Ends& ends) {
    constexpr std::size_t sampled = 1000;
    const std::size_t stride = ends.count() / sampled + 1;
    std::vector<double> mean(ends.dimension(), 0);
    std::vector<double> deviation(ends.dimension(), 0);
    double n = 0;
    for (std::size_t i = 0; i < ends.count(); i += stride) {
        const std::span<const double> x = ends.point(i);
        ++n;
        for (std::size_t j = 0; j < ends.dimension(); ++j) {
            const double from_mean = x[j] / ends.widths()[j] - mean[j];
            mean[j] += from_mean / n;
            deviation[j] += from_mean * (x[j] / ends.widths()[j] - mean[j]);
        }
    }
    std::vector<std::size_t> coordinates(ends.dimension());
    std::iota(coordinates.begin(), coordinates.end(), std::size_t{0});
    std::ranges::stable_sort(coordinates, std::greater(), [&](std::size_t j) { return deviation[j]; });
    coordinates.resize(std::min(coordinates.size(), most_grid_coordinates));
    return coordinates;
}

/// A set of ends, in which those near to a point are found.
class Grid {
  public:
    Grid(const Ends& ends, double distance)
        : ends_(&ends),
          distances_per_cell_(std::clamp(widest_cell / distance, 1.0, most_distances_per_cell)),
          cells_per_width_(1 / (distances_per_cell_ * std::max(distance, least_distance))),
          coordinates_(grid_coordinates(ends)),
          newest_(std::bit_ceil(ends.count() + 1), none) {
        members_.reserve(ends.count());
        for (const double width : ends.widths()) per_distance_.push_back(1 / width / distance);
    }

    void clear() {
        std::ranges::fill(newest_, none);
        members_.clear();
    }

    void insert(std::uint32_t end) {
        std::uint32_t& newest = newest_[bucket(cell_at(ends_->point(end), 0))];
        members_.push_back({end, newest});
        newest = static_cast<std::uint32_t>(members_.size() - 1);
    }

    struct Near {
        double apart;  ///< in units of the distance, at most 1
        std::uint32_t end;
        bool operator<(const Near& other) const {
            return std::pair(apart, end) < std::pair(other.apart, other.end);
        }
    };

    /// Calls look(near) for the members near to an end; of some twice.
    template <class Look>
    void look_around(std::uint32_t end, Look look) const {
        const std::span<const double> x = ends_->point(end);
        const Cell first = cell_at(x, -reach);
        const Cell last = cell_at(x, reach);
        Cell cell = first;
        const auto look_into = [&] {
            for (std::uint32_t i = newest_[bucket(cell)]; i != none; i = members_[i].next) {
                const double apart = apart_of(x, ends_->point(members_[i].end));
                if (apart <= 1) look(Near{apart, members_[i].end});
            }
        };
        for (std::size_t i = 0; i < coordinates_.size();) {
            if (i == 0) look_into();
            if (cell[i] < last[i]) {
                ++cell[i];
                i = 0;
            } else {
                cell[i] = first[i];
                ++i;
            }
        }
        if (coordinates_.empty()) look_into();
    }

  private:
    struct Member {
        std::uint32_t end;
        std::uint32_t next;  ///< in the same bucket
    };

    /// Of a cell; what is nearer still shares one.
    static constexpr double least_distance = 1e-12;
    /// In units of the box; wider only where what is near is.
    static constexpr double widest_cell = 0.1;
    /// Cells are wider than what is near, so that a look around goes into few of them.
    static constexpr double most_distances_per_cell = 4;
    /// A little more than what is near, for rounding.
    static constexpr double reach = 1 + 1e-6;

    /// The cell of x moved by `offset` distances.
    Cell cell_at(std::span<const double> x, double offset) const {
        const double moved = offset / distances_per_cell_;
        Cell cell{};
        for (std::size_t i = 0; i < coordinates_.size(); ++i) {
            const std::size_t j = coordinates_[i];
            const double at = x[j] / ends_->widths()[j] * cells_per_width_ + moved;
            cell[i] = static_cast<std::int64_t>(at) - (at < 0 ? 1 : 0);
        }
        return cell;
    }

    /// Cells that share a bucket only cost time.
    std::size_t bucket(const Cell& cell) const { return hash(cell) & (newest_.size() - 1); }

    /// Largest distance in a coordinate, in units of the distance that is near; one above 1 need not be
    /// exact.
    double apart_of(std::span<const double> a, std::span<const double> b) const {
        double largest = 0;
        for (std::size_t j = 0; j < a.size() && largest <= 1; ++j)
            largest = std::max(largest, std::abs(a[j] - b[j]) * per_distance_[j]);
        return largest;
    }

    const Ends* ends_;
    std::vector<double> per_distance_;  ///< [coordinate] 1 / distance
    double distances_per_cell_;
    double cells_per_width_;
    std::vector<std::size_t> coordinates_;
    std::vector<Member> members_;
    std::vector<std::uint32_t> newest_;  ///< [bucket] member
};

class NearestBetter {
  public:
    NearestBetter(const Ends& ends, double distance, const InOneBasin& in_one_basin, Joining joining)
        : ends_(&ends),
          in_one_basin_(&in_one_basin),
          joining_(joining),
          grid_(ends, distance),
          joined_(ends.count(), none),
          is_member_(ends.count(), 0) {
        order_.resize(ends.count());
        std::iota(order_.begin(), order_.end(), std::uint32_t{0});
        std::ranges::sort(order_, {}, [&](std::uint32_t end) { return rank(end); });
    }

    Clusters clusters() {
        std::vector<Asking> asking = find_nearest();
        for (std::size_t round = 1; !asking.empty(); ++round) {
            ask(asking);
            if (round == most_asked) break;
            find_next(asking);
        }
        Clusters clusters{.members = {}, .count = 0};
        clusters.members.reserve(order_.size());
        std::vector<std::uint32_t> cluster(order_.size());
        for (const std::uint32_t end : order_) {
            cluster[end] =
                joined_[end] == none ? static_cast<std::uint32_t>(clusters.count++) : cluster[joined_[end]];
            clusters.members.push_back({(*ends_)[end], cluster[end]});
        }
        return clusters;
    }

  private:
    /// Ends of so many clusters are asked whether an end is in one basin with them.
    static constexpr std::size_t most_asked = 4;

    /// An end that asks others. All but the last have answered that they are of another basin.
    struct Asking {
        std::uint32_t end;
        std::size_t count;
        std::array<std::uint32_t, most_asked> asked;
    };

    /// By value, and of equal values by index.
    std::pair<double, std::uint32_t> rank(std::uint32_t end) const { return {(*ends_)[end].f, end}; }

    /// Joins what need not ask. Of ends close to each other some are enough for later ones to find.
    std::vector<Asking> find_nearest() {
        constexpr double close = 0.25;
        std::vector<std::uint32_t> of_polish;
        std::vector<Asking> asking;
        for (const std::uint32_t end : order_) {
            const End& what = (*ends_)[end];
            if (is_polish(what.of) || what.of == EndOf::cut_polish) {
                of_polish.resize(std::max<std::size_t>(of_polish.size(), what.index + std::size_t{1}), none);
                of_polish[what.index] = end;
            }
            const bool is_polish_start = what.of == EndOf::polish_start && what.index < of_polish.size();
            if (is_polish_start) joined_[end] = of_polish[what.index];
            if (joining_ == Joining::runs && what.of != EndOf::run) {
                is_member_[end] = 1;
                grid_.insert(end);
                continue;
            }
            Grid::Near nearest{2, none};
            std::uint32_t best = none;
            grid_.look_around(end, [&](const Grid::Near& near) {
                nearest = std::min(nearest, near);
                if (best == none || rank(near.end) < rank(best)) best = near.end;
            });
            if (joined_[end] == none && nearest.end != none) {
                if (!*in_one_basin_) {
                    joined_[end] = best;
                } else if (ends_->coincide(end, nearest.end)) {
                    joined_[end] = nearest.end;
                    continue;
                } else {
                    asking.push_back({end, 1, {nearest.end}});
                }
            }
            if (nearest.apart <= close && !is_polish_start) continue;
            is_member_[end] = 1;
            grid_.insert(end);
        }
        return asking;
    }

    /// Leaves those that were refused.
    void ask(std::vector<Asking>& asking) {
        std::vector<EndPair> pairs;
        pairs.reserve(asking.size());
        for (const Asking& one : asking) pairs.push_back({one.end, one.asked[one.count - 1]});
        const std::vector<std::uint8_t> are_in_one = (*in_one_basin_)(pairs);
        std::size_t refused = 0;
        for (std::size_t i = 0; i < pairs.size(); ++i) {
            if (are_in_one[i] != 0) {
                joined_[pairs[i].end] = pairs[i].better;
            } else {
                asking[refused++] = asking[i];
            }
        }
        asking.resize(refused);
    }

    /// Finds for each the nearest end of another cluster, as far as those are known. Leaves those for which
    /// there is one and that do not coincide with it.
    void find_next(std::vector<Asking>& asking) {
        std::vector<std::uint32_t> root(ends_->count());
        for (const std::uint32_t end : order_) root[end] = joined_[end] == none ? end : root[joined_[end]];
        for (const Asking& one : asking) is_member_[one.end] = 1;
        grid_.clear();
        std::size_t next = 0;
        std::size_t found = 0;
        for (const std::uint32_t end : order_) {
            if (next < asking.size() && asking[next].end == end) {
                Asking one = asking[next++];
                const auto asked = std::span(one.asked).first(one.count);
                Grid::Near nearest{2, none};
                grid_.look_around(end, [&](const Grid::Near& near) {
                    const auto is_other = [&](std::uint32_t of) { return root[of] != root[near.end]; };
                    if (near < nearest && std::ranges::all_of(asked, is_other)) nearest = near;
                });
                if (nearest.end != none && ends_->coincide(end, nearest.end)) {
                    joined_[end] = nearest.end;
                } else if (nearest.end != none) {
                    one.asked[one.count++] = nearest.end;
                    asking[found++] = one;
                }
            }
            if (is_member_[end] != 0) grid_.insert(end);
        }
        asking.resize(found);
    }

    const Ends* ends_;
    const InOneBasin* in_one_basin_;
    Joining joining_;
    Grid grid_;
    std::vector<std::uint32_t> order_;     ///< best first
    std::vector<std::uint32_t> joined_;    ///< [end] a better end, or none
    std::vector<std::uint8_t> is_member_;  ///< [end] of the grid
};

}  // namespace

Ends::Ends(const SearchBox& box, std::size_t most) : box_(&box) {
    for (std::size_t j = 0; j < box.dimension(); ++j) {
        if (box.upper()[j] == box.lower()[j]) continue;
        widths_.push_back(box.width(j));
        free_.push_back(j);
    }
    ends_.reserve(most);
    x_.reserve(most * free_.size());
}

void Ends::write_point(std::span<const double> x, std::vector<double>& all) const {
    all = box_->lower();
    for (std::size_t i = 0; i < free_.size(); ++i) all[free_[i]] = x[i];
}

std::vector<End> founders(const Clusters& clusters) {
    std::vector<End> founders;
    for (const auto& [end, cluster] : clusters.members) {
        if (cluster == founders.size()) founders.push_back(end);
    }
    return founders;
}

bool are_within(double apart, std::span<const double> a, std::span<const double> b,
                std::span<const double> widths) {
    constexpr double least_unit = 0x1p-16;
    for (std::size_t j = 0; j < a.size(); ++j) {
        const double unit = std::max(std::abs(a[j]), std::abs(b[j])) + least_unit * widths[j];
        if (std::abs(a[j] - b[j]) > apart * unit) return false;
    }
    return true;
}

bool Ends::coincide(std::size_t i, std::size_t k) const {
    constexpr double converged_apart = 1e-5;
    constexpr double exact_apart = 1e-11;
    const bool are_exact = ends_[i].of == EndOf::polish && ends_[k].of == EndOf::polish;
    return are_within(are_exact ? exact_apart : converged_apart, point(i), point(k), widths_);
}

Clusters cluster(const Ends& ends, double distance, const InOneBasin& in_one_basin, Joining joining) {
    return NearestBetter(ends, distance, in_one_basin, joining).clusters();
}

}  // namespace lanewise
