// From run ends to distinct minima.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace lanewise {

/// The ends of runs, as the clustering sees them. A width of 0 marks a fixed variable.
struct RunEnds {
    std::size_t runs;
    std::span<const double> widths;                     ///< [d] of the box
    std::function<double(std::size_t)> f;               ///< by run; not finite: the run is left out
    std::function<double(std::size_t, std::size_t)> x;  ///< by run and coordinate
};

/// How near two ends have to be to be one minimum.
struct Nearness {
    double distance = 3e-3;  ///< of the box width, for each coordinate
    double value = 0.1;      ///< times max(1, |f|)
};

struct Clusters {
    struct Member {
        double f;
        std::uint32_t run;
        std::uint32_t cluster;
    };
    std::vector<Member> members;  ///< best end first
    std::size_t count;            ///< clusters are numbered by their best end, best first
};

/// Clusters grow outward from their best end. Ends are taken best first (ties: smaller run first); each joins
/// the cluster of the best scout near to it in both senses, or else founds a cluster. An end is a scout when
/// there is none within half that nearness yet: a valley in which runs were still on their way is one
/// cluster, and two minima are never joined by a later end. Near scouts are found by a hash grid over
/// the coordinates that vary most.
Clusters cluster(const RunEnds& ends, const Nearness& nearness = {});

}  // namespace lanewise
