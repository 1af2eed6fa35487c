# SPDX-License-Identifier: Apache-2.0
"""The C library: found, loaded, and given its types.

A function is bound when it is first used, so that importing costs little and
a library that lacks an optional part can still be used.
"""
from __future__ import annotations

import ctypes
import os
import sys

from .errors import BY_STATUS, FileError, VtacError

NAME = "libvtac.so"
ABI = "0.1"

# ---- Types ------------------------------------------------------------------


class Error(ctypes.Structure):
    """vtac_error"""

    _fields_ = [
        ("status", ctypes.c_int),
        ("id", ctypes.c_char_p),
        ("cure", ctypes.c_char_p),
        ("message", ctypes.c_char * 1024),
    ]

    def exception(self) -> VtacError:
        """The exception that stands for this error."""
        kind = BY_STATUS.get(self.status, VtacError)
        text = (self.message, self.id or b"", self.cure or b"")
        return kind(*(part.decode("utf-8", "replace") for part in text))


class ConfigValue(ctypes.Structure):
    """vtac_config_value"""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("text", ctypes.c_char_p),
        ("number", ctypes.c_int64),
        ("meaning", ctypes.c_char_p),
    ]


class Loop(ctypes.Structure):
    """vtac_loop"""

    _fields_ = [
        ("axis", ctypes.c_void_p),
        ("kind", ctypes.c_char_p),
        ("thread", ctypes.c_void_p),
        ("intrin", ctypes.c_char_p),
        ("pragmas", ctypes.c_int),
    ]


class BufferParams(ctypes.Structure):
    """vtac_buffer_params"""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("dtype", ctypes.c_char_p),
        ("scope", ctypes.c_char_p),
        ("ndim", ctypes.c_int),
        ("shape", ctypes.c_void_p),
        ("strides", ctypes.c_void_p),
        ("offset_factor", ctypes.c_int),
        ("alignment", ctypes.c_int),
    ]


class IntrinParams(ctypes.Structure):
    """vtac_intrin_params"""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("pattern", ctypes.c_void_p),
        ("ninputs", ctypes.c_int),
        ("inputs", ctypes.c_void_p),
        ("output", ctypes.c_void_p),
        ("body", ctypes.c_void_p),
        ("reset", ctypes.c_void_p),
        ("update", ctypes.c_void_p),
    ]


class PassEvent(ctypes.Structure):
    """vtac_pass_event"""

    _fields_ = [
        ("index", ctypes.c_int),
        ("name", ctypes.c_char_p),
        ("text", ctypes.c_char_p),
        ("changed", ctypes.c_int),
        ("seconds", ctypes.c_double),
    ]


OnPass = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.POINTER(PassEvent))


class LowerOptions(ctypes.Structure):
    """vtac_lower_options"""

    _fields_ = [
        ("accelerator", ctypes.c_int),
        ("verify", ctypes.c_int),
        ("disabled_count", ctypes.c_int),
        ("disabled", ctypes.POINTER(ctypes.c_char_p)),
        ("on_pass", OnPass),
        ("user", ctypes.c_void_p),
        ("want_text", ctypes.c_int),
        ("pass_count", ctypes.c_int),
        ("passes", ctypes.c_void_p),
    ]


OnRun = ctypes.CFUNCTYPE(
    ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p
)


class UserPass(ctypes.Structure):
    """vtac_user_pass"""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("phase", ctypes.c_int),
        ("before", ctypes.c_int),
        ("run", OnRun),
        ("user", ctypes.c_void_p),
    ]


OnListing = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.POINTER(ctypes.c_char), ctypes.c_size_t
)


class DeviceOptions(ctypes.Structure):
    """vtac_device_options"""

    _fields_ = [
        ("sim_path", ctypes.c_int),
        ("force_serial", ctypes.c_int),
        ("verify", ctypes.c_int),
        ("on_listing", OnListing),
        ("user", ctypes.c_void_p),
        ("simulator", ctypes.c_int),
        ("on_insns", ctypes.c_void_p),
        ("board", ctypes.c_void_p),
        ("recorder", ctypes.c_void_p),
    ]


class Param(ctypes.Structure):
    """vtac_param"""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("dtype", ctypes.c_char_p),
        ("ndim", ctypes.c_int),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("written", ctypes.c_int),
    ]


class SaveOptions(ctypes.Structure):
    """vtac_save_options"""

    _fields_ = [("target", ctypes.c_char_p), ("origin", ctypes.c_char_p)]


class RpcOptions(ctypes.Structure):
    """vtac_rpc_options"""

    _fields_ = [
        ("key", ctypes.c_char_p),
        ("secret", ctypes.c_char_p),
        ("session_seconds", ctypes.c_double),
        ("connect_seconds", ctypes.c_double),
        ("call_seconds", ctypes.c_double),
    ]


class RpcValue(ctypes.Structure):
    """vtac_rpc_value"""

    _fields_ = [
        ("type", ctypes.c_int),
        ("integer", ctypes.c_int64),
        ("device_id", ctypes.c_int),
        ("number", ctypes.c_double),
        ("bytes", ctypes.c_void_p),
        ("size", ctypes.c_size_t),
        ("array", ctypes.c_void_p),
        ("module", ctypes.c_void_p),
        ("function", ctypes.c_void_p),
    ]


class RpcTiming(ctypes.Structure):
    """vtac_rpc_timing"""

    _fields_ = [
        ("device_type", ctypes.c_int),
        ("device_id", ctypes.c_int),
        ("number", ctypes.c_int),
        ("repeat", ctypes.c_int),
        ("min_repeat_ms", ctypes.c_int),
        ("cooldown_ms", ctypes.c_int),
        ("repeats_to_cooldown", ctypes.c_int),
        ("preprocess", ctypes.c_char_p),
    ]


class RpcQueue(ctypes.Structure):
    """vtac_rpc_queue"""

    _fields_ = [
        ("key", ctypes.c_char_p),
        ("free", ctypes.c_int),
        ("pending", ctypes.c_int),
    ]


class RpcPlace(ctypes.Structure):
    """vtac_rpc_place"""

    _fields_ = [
        ("key", ctypes.c_char_p),
        ("host", ctypes.c_char_p),
        ("port", ctypes.c_int),
    ]


COUNTERS = 7

# ---- Signatures -------------------------------------------------------------

# One letter a type, the result first.  p: a handle or address; s: a text;
# i: int; l: int64; z: size; d: double; v: nothing.  A function marked "!" may
# take long and lets other threads run meanwhile; the rest keep the
# interpreter's lock, which is cheaper and makes each call atomic.
_SIGNATURES = {
    "version": "s",
    "status_name": "si",
    "config_default": "pp",
    "board_load": "psp",
    "board_free": "vp",
    "config_load": "psp",
    "config_parse": "ppzsp",
    "config_free": "vp",
    "config_at": "ipip",
    "config_get": "lps",
    "context_new": "ppp",
    "context_free": "vp",
    "context_error": "pp",
    "context_clear_error": "vp",
    "placeholder": "ppssip",
    "axes": "vpippp",
    "compute_tagged": "ppssipp",
    "copy": "ppps",
    "reduce_axis": "pplls",
    "thread_axis": "pps",
    "thread_axis_named": "ppss",
    "pad": "ppppps",
    "tensor_name": "sp",
    "tensor_dtype": "sp",
    "tensor_ndim": "ip",
    "tensor_dim": "lpi",
    "tensor_tag": "sp",
    "tensor_body": "pp",
    "tensor_inputs": "ippp",
    "axis": "ppi",
    "tensor_reduce_axis": "ppi",
    "iter_name": "sp",
    "iter_range": "ippp",
    "iter_type": "sp",
    "iter_tag": "sp",
    "iter_expr": "ppp",
    "int": "ppl",
    "const": "ppsd",
    "read": "pppip",
    "not": "ppp",
    "negate": "ppp",
    "cast": "ppsp",
    "select": "ppppp",
    "if_then_else": "ppppp",
    "sum": "pppip",
    "max_over": "pppip",
    "min_over": "pppip",
    "expr_text": "spp",
    "expr_dtype": "sp",
    "expr_int": "ipp",
    "call": "ppssip",
    "call_extern": "ppssip",
    "schedule_new": "ppip",
    "stage_of": "pppp",
    "split": "vppplpp",
    "split_nparts": "vppplpp",
    "fuse": "pppip",
    "reorder": "vppip",
    "tile": "vppppllp",
    "compute_at": "vpppp",
    "compute_root": "vpp",
    "compute_inline": "vpp",
    "set_scope": "vpps",
    "bind": "vpppp",
    "pragma_value": "vpppsp",
    "unroll": "vppp",
    "vectorize": "vppp",
    "parallel": "vppp",
    "cache_read": "ppppsip",
    "cache_write": "pppps",
    "schedule_stage": "ppi",
    "stage_tensor": "pp",
    "stage_scope": "sp",
    "stage_is_output": "ip",
    "stage_place": "ippp",
    "stage_loop": "ipip",
    "stage_pragma": "sppi",
    "buffer_declare": "ppp",
    "buffer_access": "pppisp",
    "evaluate": "ppp",
    "sequence": "ppip",
    "unit_scope": "ppip",
    "kernel_scope": "ppp",
    "stmt_text": "spp",
    "stmt_kind": "sp",
    "expr_kind": "sp",
    "stmt_exprs": "ippp",
    "stmt_stmts": "ippp",
    "expr_exprs": "ippp",
    "stmt_label": "sp",
    "expr_label": "sp",
    "stmt_var": "pp",
    "expr_var": "pp",
    "stmt_buffer": "pp",
    "expr_buffer": "pp",
    "buffer_name": "sp",
    "buffer_dtype": "sp",
    "stmt_dtype": "sp",
    "expr_float": "ipp",
    "expr_lanes": "ip",
    "expr_same": "ipp",
    "stmt_with": "pppipip",
    "expr_with": "pppip",
    "stmt_substitute": "pppipp",
    "expr_substitute": "pppipp",
    "var": "ppss",
    "load": "pppip",
    "store": "ppppip",
    "for": "ppspppp",
    "if": "ppppp",
    "let": "ppppp",
    "attr": "pppspp",
    "allocate": "pppp",
    "assert": "pppsp",
    "intrin_new": "ppp",
    "intrin_gemm": "pp",
    "intrin_gemm_mock": "pp",
    "tensorize": "vpppp",
    "lower_text": "!sppipsp",
    "build": "!pppipsp",
    "pass_name": "sippp",
    "op_schedule_to": "vppi",
    "op_schedule": "pp",
    "op_args": "ipp",
    "op_tiles": "ipp",
    "sim_path_name": "si",
    "device_open": "pppp",
    "device_close": "vp",
    "counter_name": "si",
    "device_counters": "vpp",
    "device_cycles": "lp",
    "device_clear_counters": "vp",
    "array_new": "ppsipp",
    "array_free": "vp",
    "array_size": "zp",
    "array_data": "ppp",
    "array_write": "!ippp",
    "array_read": "!ippp",
    "module_run": "!ippipp",
    "module_free": "vp",
    "module_name": "sp",
    "module_param": "ipip",
    "module_config": "ppp",
    "module_origin": "sp",
    "module_function_name": "spi",
    "module_function": "ppsp",
    "module_compile": "!ppp",
    "module_save": "!ipspp",
    "module_c_source": "!pppp",
    "module_load": "!psp",
    "module_load_bytes": "!ppzsp",
    "module_target": "si",
    "rpc_connect": "!psipp",
    "rpc_request": "!psiipp",
    "rpc_local": "pppp",
    "rpc_close": "!vp",
    "rpc_upload": "!ipspzp",
    "rpc_download": "!ppspp",
    "rpc_remove": "!ipsp",
    "rpc_array_new": "!ppiisipp",
    "rpc_array_free": "!vp",
    "rpc_array_size": "zp",
    "rpc_array_ndim": "ip",
    "rpc_array_dim": "lpi",
    "rpc_array_dtype": "sp",
    "rpc_array_write": "!ippp",
    "rpc_array_read": "!ippp",
    "rpc_array_copy": "!ippp",
    "rpc_function_get": "!ppsp",
    "rpc_function_free": "!vp",
    "rpc_call": "!ipippp",
    "rpc_module_load": "!ppsp",
    "rpc_module_free": "!vp",
    "rpc_module_function": "!ppsp",
    "rpc_time": "!ipspippp",
    "rpc_device_attr": "!ipiiipp",
    "rpc_device_sync": "!ipiip",
    "rpc_reconfigure": "!ippp",
    "rpc_program": "!ipspzp",
    "rpc_counters": "!ipppp",
    "rpc_clear_counters": "!ipp",
    "rpc_summary_get": "!psidp",
    "rpc_summary_free": "vp",
    "rpc_summary_queue": "ipip",
    "rpc_summary_server": "ipip",
}
_SIGNATURES.update(
    dict.fromkeys(
        "add sub mul floordiv floormod truncdiv truncmod min max shift_right"
        " shift_left bitwise_and bitwise_or bitwise_xor equal not_equal less"
        " less_equal greater greater_equal and or".split(),
        "pppp",
    )
)
_SIGNATURES.update(
    dict.fromkeys(
        "gemm dense conv2d group_conv2d depthwise_conv2d conv2d_transpose"
        " add_op relu requantize max_pool2d avg_pool2d"
        " global_avg_pool2d".split(),
        "ppp",
    )
)

_TYPES = {
    "p": ctypes.c_void_p,
    "s": ctypes.c_char_p,
    "i": ctypes.c_int,
    "l": ctypes.c_int64,
    "z": ctypes.c_size_t,
    "d": ctypes.c_double,
    "v": None,
}


class Library:
    """The functions of the C library, without their prefix ``vtac_``."""

    def __init__(self, path: str) -> None:
        try:
            self.quick = ctypes.PyDLL(path)
            self.slow = ctypes.CDLL(path)
        except OSError as error:
            raise FileError(
                f"cannot load {path}: {error}",
                "library",
                "build vtac (make), or name the library in VTAC_LIBRARY",
            ) from None
        self.path = path

    def __getattr__(self, name: str):
        signature = _SIGNATURES[name]
        library = self.slow if signature[0] == "!" else self.quick
        letters = signature.replace("!", "").replace(" ", "")
        try:
            function = getattr(library, "vtac_" + name)
        except AttributeError:
            raise FileError(
                f"{self.path} has no function vtac_{name}: it is another"
                " version of the library than this package is for",
                "library",
                "install the library and the package from one source",
            ) from None
        function.restype = _TYPES[letters[0]]
        function.argtypes = [_TYPES[letter] for letter in letters[1:]]
        setattr(self, name, function)
        return function

    def has(self, name: str) -> bool:
        """Whether the library has this function."""
        return hasattr(self.quick, "vtac_" + name)


def _candidates():
    """Paths of the library, the most specific first."""
    here = os.path.dirname(os.path.abspath(__file__))
    yield os.path.join(here, NAME)
    tree = os.path.dirname(os.path.dirname(here))
    if os.path.exists(os.path.join(tree, "include", "vtac", "vtac.h")):
        yield os.path.join(tree, "build", NAME)
    # PREFIX/share/vtac/python/vtac, or PREFIX/lib/pythonX.Y/site-packages/vtac
    prefix = os.path.abspath(os.path.join(here, *[".."] * 4))
    folders = ["lib", "lib64"]
    multiarch = getattr(sys.implementation, "_multiarch", "")
    if multiarch:
        folders.append(os.path.join("lib", multiarch))
    for folder in folders:
        yield os.path.join(prefix, folder, f"{NAME}.{ABI}")


def _find() -> str:
    named = os.environ.get("VTAC_LIBRARY")
    if named:
        return named
    for path in _candidates():
        if os.path.exists(path):
            return path
    return f"{NAME}.{ABI}"  # wherever the system's loader looks


lib = Library(_find())


def text(value: bytes | None) -> str:
    """A text of the library, which may be NULL."""
    return value.decode("utf-8", "replace") if value else ""


def pointers(handles) -> ctypes.Array:
    """A C array of addresses."""
    handles = list(handles)
    return (ctypes.c_void_p * max(len(handles), 1))(*handles)


def integers(values) -> ctypes.Array:
    """A C array of int64."""
    values = list(values)
    return (ctypes.c_int64 * max(len(values), 1))(*values)
