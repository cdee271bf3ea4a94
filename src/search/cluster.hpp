// From run ends to distinct minima.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "search_box.hpp"

namespace lanewise {

/// The kinds of ends. Among ends with the same value they come in this order.
enum class EndOf : std::uint8_t {
    polish,        ///< to full precision
    rough_polish,  ///< to where the gradient jumps or values end, and nothing lower is near
    polish_start,  ///< where the polish of that index began
    cut_polish,    ///< one that was ended before
    run,
};

inline bool is_polish(EndOf of) noexcept {
    return of == EndOf::polish || of == EndOf::rough_polish;
}

struct End {
    double f;
    EndOf of;
    std::uint32_t index;
};

/// Whether two points are no further apart in any variable than so much of its unit, |x| + 2^-16 widths.
bool are_within(double apart, std::span<const double> a, std::span<const double> b,
                std::span<const double> widths);

/// The points to tell apart.
class Ends {
  public:
    /// The list gets room for `most` ends.
    Ends(const SearchBox& box, std::size_t most);

    /// x(j) is coordinate j. A point without a finite value is left out.
    template <class Coordinates>
    void add(const End& end, Coordinates x) {
        if (!std::isfinite(end.f)) return;
        ends_.push_back(end);
        for (const std::size_t j : free_) x_.push_back(x(j));
    }

    std::size_t count() const noexcept { return ends_.size(); }
    const End& operator[](std::size_t i) const { return ends_[i]; }
    /// Variables that are not fixed.
    std::size_t dimension() const noexcept { return free_.size(); }
    /// [dimension] their values.
    std::span<const double> point(std::size_t i) const {
        return std::span(x_).subspan(i * free_.size(), free_.size());
    }
    /// Whether two are as near to each other as ends of runs that have converged to one minimum, or where
    /// both are polished, as polished points of one minimum.
    bool coincide(std::size_t i, std::size_t k) const;
    /// [dimension] the widths of their bounds.
    const std::vector<double>& widths() const noexcept { return widths_; }
    /// Writes all variables of a point, of which x has those that are not fixed.
    void write_point(std::span<const double> x, std::vector<double>& all) const;

  private:
    const SearchBox* box_;
    std::vector<double> widths_;
    std::vector<std::size_t> free_;
    std::vector<End> ends_;
    std::vector<double> x_;
};

struct Clusters {
    struct Member {
        End end;
        std::uint32_t cluster;
    };
    std::vector<Member> members;                  ///< best end first
    std::size_t count;                            ///< clusters are numbered by their best end, best first
    std::vector<std::uint8_t> is_continuum = {};  ///< [cluster] see find_joints
};

/// The best end of each cluster, best first.
std::vector<End> founders(const Clusters& clusters);

/// Two ends, by their indices; the first is no better.
struct EndPair {
    std::uint32_t end, better;
};

/// Tells of each pair whether both are in one basin.
using InOneBasin = std::function<std::vector<std::uint8_t>(std::span<const EndPair>)>;

/// Which ends look for a better one to join: with `runs` each polished one founds a cluster.
enum class Joining : std::uint8_t { all, runs };

/// Nearest-better clustering (Preuss 2010): each end joins the nearest better one within `distance` in each
/// variable, in units of the box, that is in one basin with it; of a few clusters the nearest ends are asked.
/// What joins none founds a cluster. Ends that coincide are not asked, and a point from which a polish began
/// belongs to the minimum it led to, however far that is. Without `in_one_basin` an end joins the best of
/// those that are near. Near ends are found by a hash grid over the coordinates that vary most.
Clusters cluster(const Ends& ends, double distance, const InOneBasin& in_one_basin = {},
                 Joining joining = Joining::all);

}  // namespace lanewise
