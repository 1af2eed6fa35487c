# SPDX-License-Identifier: Apache-2.0
# find_package(vtac) gives vtac::vtac (shared) and vtac::static.
include("${CMAKE_CURRENT_LIST_DIR}/vtacTargets.cmake")
