# SPDX-License-Identifier: Apache-2.0
# Looks for the LLVM that VTAC_LLVM names: AUTO takes the newest supported one
# or none, a number insists on that version, OFF takes none.
#
# Sets LLVM_CONFIG (false without LLVM), LLVM_MAJOR, LLVM_INCLUDE,
# LLVM_LIBRARY and LLVM_DEFINITIONS.  llvm-config rather than LLVM's CMake
# package, which wants a C++ compiler and libraries that the C API does not need.
set(supported 19 18 17 16 15) # 15 is the first whose pointers are all opaque
set(LLVM_CONFIG FALSE)
if(VTAC_LLVM STREQUAL "AUTO")
  set(wanted ${supported})
elseif(VTAC_LLVM)
  if(VTAC_LLVM VERSION_LESS 15)
    message(FATAL_ERROR "VTAC_LLVM=${VTAC_LLVM}: 15 is the oldest LLVM that is "
            "supported, the first whose pointers are all opaque")
  endif()
  set(wanted ${VTAC_LLVM})
else()
  return()
endif()

foreach(major IN LISTS wanted)
  find_program(LLVM_CONFIG_${major} llvm-config-${major})
  mark_as_advanced(LLVM_CONFIG_${major})
  if(LLVM_CONFIG_${major})
    set(LLVM_CONFIG ${LLVM_CONFIG_${major}})
    set(LLVM_MAJOR ${major})
    break()
  endif()
endforeach()
if(NOT LLVM_CONFIG)
  if(NOT VTAC_LLVM STREQUAL "AUTO")
    message(FATAL_ERROR "VTAC_LLVM=${VTAC_LLVM}: no llvm-config-${VTAC_LLVM}; "
            "install llvm-${VTAC_LLVM}-dev")
  endif()
  message(STATUS "No LLVM found: building without native code")
  return()
endif()

function(ask_llvm result)
  execute_process(COMMAND ${LLVM_CONFIG} ${ARGN} OUTPUT_VARIABLE answer
                  OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  set(${result} "${answer}" PARENT_SCOPE)
endfunction()

ask_llvm(LLVM_INCLUDE --includedir)
ask_llvm(llvm_libdir --libdir)
ask_llvm(llvm_targets --targets-built)
find_library(LLVM_LIBRARY_${LLVM_MAJOR} LLVM-${LLVM_MAJOR}
             HINTS ${llvm_libdir} REQUIRED)
mark_as_advanced(LLVM_LIBRARY_${LLVM_MAJOR})
set(LLVM_LIBRARY ${LLVM_LIBRARY_${LLVM_MAJOR}})
set(LLVM_DEFINITIONS "")
foreach(target ARM AArch64 RISCV)
  if(llvm_targets MATCHES "(^| )${target}( |$)")
    string(TOUPPER CODEGEN_HAS_${target} name)
    list(APPEND LLVM_DEFINITIONS ${name})
  endif()
endforeach()
message(STATUS "Native code by LLVM ${LLVM_MAJOR}")
