package mask

// class groups the types that are masked alike.
type class uint8

// The classes. classOther has no redacted form: its values become NULL.
const (
	classOther class = iota
	classText        // text, varchar, unknown, cstring; citext once resolved
	classBpchar
	className
	classChar // "char", one byte
	classInt2
	classInt4
	classInt8
	classOID
	classReg
	classFloat4
	classFloat8
	classNumeric
	classMoney
	classBool
	classDate
	classTime
	classTimeTZ
	classTimestamp
	classTimestampTZ
	classInterval
	classUUID
	classJSON
	classJSONB
	classJSONPath
	classXML
	classBytea
	classInet
	classCIDR
	classMAC
	classMAC8
	classBit
	classVarbit
	classTSVector
	classPoint
	classRange
	classMultirange
	classLSN
	classTID
)

// classOf tells the class of a built-in type from its oid (pg_type.dat).
func classOf(oid uint32) class {
	switch oid {
	case 25, 1043, 705, 2275:
		return classText
	case 1042:
		return classBpchar
	case 19:
		return className
	case 18:
		return classChar
	case 21:
		return classInt2
	case 23:
		return classInt4
	case 20:
		return classInt8
	case 26, 28, 29:
		return classOID
	case 24, 2202, 2203, 2204, 2205, 2206, 3734, 3769, 4089, 4096, 4191:
		return classReg
	case 700:
		return classFloat4
	case 701:
		return classFloat8
	case 1700:
		return classNumeric
	case 790:
		return classMoney
	case 16:
		return classBool
	case 1082:
		return classDate
	case 1083:
		return classTime
	case 1266:
		return classTimeTZ
	case 1114:
		return classTimestamp
	case 1184:
		return classTimestampTZ
	case 1186:
		return classInterval
	case 2950:
		return classUUID
	case 114:
		return classJSON
	case 3802:
		return classJSONB
	case 4072:
		return classJSONPath
	case 142:
		return classXML
	case 17:
		return classBytea
	case 869:
		return classInet
	case 650:
		return classCIDR
	case 829:
		return classMAC
	case 774:
		return classMAC8
	case 1560:
		return classBit
	case 1562:
		return classVarbit
	case 3614:
		return classTSVector
	case 600:
		return classPoint
	case 3904, 3906, 3908, 3910, 3912, 3926:
		return classRange
	case 4451, 4532, 4533, 4534, 4535, 4536:
		return classMultirange
	case 3220:
		return classLSN
	case 27:
		return classTID
	}
	return classOther
}

// elementOf tells the element type of a built-in array type, 0 for any other.
func elementOf(oid uint32) uint32 {
	switch oid {
	case 1000:
		return 16
	case 1001:
		return 17
	case 1002:
		return 18
	case 1003:
		return 19
	case 1016:
		return 20
	case 1005:
		return 21
	case 1007:
		return 23
	case 1008:
		return 24
	case 1009:
		return 25
	case 1028:
		return 26
	case 1010:
		return 27
	case 1011:
		return 28
	case 1012:
		return 29
	case 199:
		return 114
	case 143:
		return 142
	case 1017:
		return 600
	case 651:
		return 650
	case 1021:
		return 700
	case 1022:
		return 701
	case 791:
		return 790
	case 775:
		return 774
	case 1040:
		return 829
	case 1041:
		return 869
	case 1014:
		return 1042
	case 1015:
		return 1043
	case 1182:
		return 1082
	case 1183:
		return 1083
	case 1115:
		return 1114
	case 1185:
		return 1184
	case 1187:
		return 1186
	case 1270:
		return 1266
	case 1561:
		return 1560
	case 1563:
		return 1562
	case 1231:
		return 1700
	case 1263:
		return 2275
	case 2951:
		return 2950
	case 3221:
		return 3220
	case 3643:
		return 3614
	case 3807:
		return 3802
	case 4073:
		return 4072
	case 3905, 3907, 3909, 3911, 3913, 3927:
		return oid - 1
	}
	return 0
}
