"""Makes HDF5 files as other programs may write them, good ones and hostile ones, for foreign_files_test.cpp.

Called by that test: /usr/bin/python3 make_foreign_files.py FOLDER
"""

import os
import sys

import h5py
import numpy

MODEL = "name: tiny\ninput: {shape: [1, 2, 2]}\n"
WEIGHT = numpy.arange(8, dtype="f4").reshape(2, 4) / 4


def text_type(padding, length):
    """A text type of fixed length."""
    kind = h5py.h5t.C_S1.copy()
    kind.set_size(length)
    kind.set_strpad(padding)
    return kind


def put_fixed_text(file, text, padding):
    data = text.encode()
    kind = text_type(padding, len(data) + 3)
    space = h5py.h5s.create(h5py.h5s.SCALAR)
    dataset = h5py.h5d.create(file.id, b"model", kind, space)
    fill = b" " if padding == h5py.h5t.STR_SPACEPAD else b"\0"
    stored = numpy.array(data.ljust(len(data) + 3, fill), dtype=f"S{len(data) + 3}")
    dataset.write(space, space, stored, mtype=kind)


def weights(file, data=WEIGHT, **options):
    file.create_dataset("parameters/f1/weight", data=data, **options)


def plain(file):
    """What every case below differs from."""
    file["model"] = MODEL
    weights(file)


def model_fixed(file):
    file["model"] = numpy.bytes_(MODEL)
    weights(file)


def model_null_terminated(file):
    put_fixed_text(file, MODEL.rstrip(), h5py.h5t.STR_NULLTERM)
    weights(file)


def model_blank_padded(file):
    put_fixed_text(file, MODEL.rstrip(), h5py.h5t.STR_SPACEPAD)
    weights(file)


def model_ascii(file):
    file.create_dataset("model", data=MODEL, dtype=h5py.string_dtype("ascii"))
    weights(file)


def model_list_of_one(file):
    file["model"] = [MODEL]
    weights(file)


def weights_float64(file):
    file["model"] = MODEL
    weights(file, WEIGHT.astype("f8"))


def weights_big_endian(file):
    file["model"] = MODEL
    weights(file, WEIGHT.astype(">f4"))


def weights_compressed(file):
    file["model"] = MODEL
    weights(file, compression="gzip", shuffle=True, fletcher32=True)


def too_large_for_float32(file):
    data = WEIGHT.astype("f8")
    data[1, 2] = 1e300
    file["model"] = MODEL
    weights(file, data)


def not_a_number(file):
    data = WEIGHT.copy()
    data[0, 3] = numpy.nan
    file["model"] = MODEL
    weights(file, data)


def integers(file):
    file["model"] = MODEL
    weights(file, WEIGHT.astype("i4"))


def half_precision(file):
    file["model"] = MODEL
    weights(file, WEIGHT.astype("f2"))


def external_storage(file):
    file["model"] = MODEL
    file.create_dataset("parameters/f1/weight", (2, 4), "f4", external=[("/etc/passwd", 0, 32)])


def virtual(file):
    file["model"] = MODEL
    layout = h5py.VirtualLayout(shape=(2, 4), dtype="f4")
    layout[:] = h5py.VirtualSource("plain.h5", "parameters/f1/weight", shape=(2, 4))
    file.create_virtual_dataset("parameters/f1/weight", layout)


def soft_link(file):
    plain(file)
    file["parameters/f1/bias"] = h5py.SoftLink("/parameters/f1/weight")


def soft_link_loop(file):
    file["model"] = MODEL
    file["parameters"] = h5py.SoftLink("/parameters")


def external_link(file):
    file["model"] = MODEL
    file["parameters/f1/weight"] = h5py.ExternalLink("plain.h5", "/parameters/f1/weight")


def hard_link_loop(file):
    plain(file)
    file["parameters/f1/loop"] = file["parameters"]


def lzf_filter(file):
    file["model"] = MODEL
    weights(file, compression="lzf")


def terabytes(file):
    file["model"] = MODEL
    file.create_dataset("parameters/f1/weight", (1 << 20, 1 << 20), "f4", chunks=(16, 16))


def overflowing(file):
    file["model"] = MODEL
    file.create_dataset("parameters/f1/weight", (1 << 40, 1 << 40), "f4", chunks=(16, 16))


def no_value(file):
    file["model"] = h5py.Empty("S1")
    weights(file)


def five_axes(file):
    file["model"] = MODEL
    weights(file, WEIGHT.reshape(2, 2, 2, 1, 1))


def single_value(file):
    file["model"] = MODEL
    weights(file, numpy.float32(1))


def empty_axis(file):
    file["model"] = MODEL
    weights(file, numpy.zeros((0, 4), "f4"))


def other_axis_order(file):
    plain(file)
    file["parameters/f1/weight"].attrs["axis_order"] = "IO"


def no_model(file):
    weights(file)
    file["notes"] = "x"


def no_parameters(file):
    file["model"] = MODEL


def model_is_group(file):
    file.create_group("model")
    weights(file)


def model_is_number(file):
    file["model"] = 3
    weights(file)


def model_is_two_texts(file):
    file["model"] = ["a", "b"]
    weights(file)


def model_is_type(file):
    file["model"] = numpy.dtype("f4")
    weights(file)


def parameters_are_data(file):
    file["model"] = MODEL
    file["parameters"] = WEIGHT


def layer_is_data(file):
    file["model"] = MODEL
    file["parameters/f1"] = WEIGHT


def newer_schema(file):
    plain(file)
    file.attrs["format"] = "lockstep-checkpoint"
    file.attrs["schema_version"] = 99


def other_format(file):
    plain(file)
    file.attrs["format"] = "somebody-else"


def own_state(file):
    plain(file)
    file.create_group("state").attrs["step"] = 3


def own_provenance(file):
    plain(file)
    file.create_group("provenance").attrs["scores"] = [1.5, 2.5]
    file["state"] = "fine"


def values_never_written(file):
    plain(file)
    file.create_dataset("parameters/f1/bias", (2,), "f4")
    file.create_dataset("parameters/f1/scale", (2,), "f4", fillvalue=0.5)


CASES = [value for name, value in list(globals().items()) if callable(value) and getattr(value, "__code__", None)
         and value.__code__.co_varnames[:1] == ("file",) and value.__code__.co_argcount == 1]


def main():
    os.chdir(sys.argv[1])
    for case in CASES:
        with h5py.File(case.__name__ + ".h5", "w") as file:
            case(file)
    with h5py.File("many_names.h5", "w", userblock_size=1024) as file:  # another program's user block
        plain(file)
        for i in range(40):
            file[f"parameters/layer{i:02}/weight"] = WEIGHT
    with open("many_names.h5", "r+b") as file:
        file.write(b"somebody else's notes")


if __name__ == "__main__":
    main()
