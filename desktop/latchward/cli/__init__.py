"""What a person types. Each verb is one module, imported when it is called.

parser     the verbs and their arguments
gateway    `latchward gateway`
servers    `latchward server add|list|remove`
grants     `latchward grant new|list|revoke`
log        `latchward log`
classify   `latchward classify`: the risk of tools from their definitions
terminal   the approval question on a terminal
trial      `latchward try`: the main job on an own profile, checked
"""
