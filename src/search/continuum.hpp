// Minima that are no points: lines, edges, rings and faces along which the function is as low.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "engine/engine.hpp"
#include "findings.hpp"
#include "search_box.hpp"

namespace lanewise {

/// Polishes points; nothing where no more are to be polished.
using PolishPoints =
    std::function<std::vector<Polished>(std::span<const std::vector<double>> points, PolishTo to)>;

/// Of what was polished, by numbers: a point of each cluster, and the one that is furthest from it.
struct ClusterSpan {
    static constexpr std::uint32_t none = static_cast<std::uint32_t>(-1);
    std::uint32_t founder = none;   ///< the best; none: nothing of the cluster was polished
    std::uint32_t furthest = none;  ///< none: no other is apart from the founder
};

/// [cluster] Of the best most_last_polished.
std::vector<ClusterSpan> cluster_spans(std::span<const Polished> polished, const Clusters& clusters,
                                       const SearchBox& box);

/// Joints between what was polished from number `first` on and all that was polished: two points are joined
/// where a way leads from one to the other along which the function is as low as in both. The points are
/// those that found one of the clusters, and of each cluster the one that is furthest from its founder. Each
/// asks the nearest better ones.
std::vector<Joint> find_joints(std::span<const Polished> polished, const Clusters& clusters,
                               std::size_t first, Engine& engine, const SearchBox& box,
                               const PolishPoints& polish);

}  // namespace lanewise
